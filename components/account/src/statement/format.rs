//! The forms that a statement may have.

use super::line::Line;
use super::summary::Summary;
use super::{camt053, csv, json, ofx};
use std::io;

/// A form of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// The API's own.
    #[default]
    Json,
    /// For spreadsheets (RFC 4180).
    Csv,
    /// ISO 20022, `camt.053.001.08`: for accounting software.
    Camt053,
    /// Open Financial Exchange 2.2: for personal finance software.
    Ofx,
}

/// How a form says what is in a statement: one after the other, each onto the end of what was said.
pub(super) trait Layout: Sync {
    /// Whether the form can say amounts as large as these.
    fn has_room_for(&self, _: &Summary) -> bool {
        true
    }

    /// All that comes before the entries.
    fn head(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()>;

    /// An entry.
    fn line(&self, summary: &Summary, line: &Line, out: &mut Vec<u8>) -> io::Result<()>;

    /// All that comes after the entries.
    fn tail(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()>;
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Camt053, Self::Ofx];

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What a client calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Camt053 => "camt.053",
            Self::Ofx => "ofx",
        }
    }

    /// Its media type. ISO 20022 has registered none.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Camt053 => "application/xml",
            Self::Ofx => "application/x-ofx",
        }
    }

    /// What the name of its file ends with; none for what is no file.
    pub const fn extension(self) -> Option<&'static str> {
        match self {
            Self::Json => None,
            Self::Csv => Some("csv"),
            Self::Camt053 => Some("xml"),
            Self::Ofx => Some("ofx"),
        }
    }

    pub(super) fn layout(self) -> &'static dyn Layout {
        match self {
            Self::Json => &json::Json,
            Self::Csv => &csv::Csv,
            Self::Camt053 => &camt053::Camt053,
            Self::Ofx => &ofx::Ofx,
        }
    }
}
