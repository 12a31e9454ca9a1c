//! The formats of a statement.

use super::layout::Layout;
use super::{camt053, csv, json, ofx};

/// A format of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// The format of the other calls.
    #[default]
    Json,
    /// For spreadsheets (RFC 4180).
    Csv,
    /// ISO 20022, `camt.053.001.08`: for accounting software.
    Camt053,
    /// Open Financial Exchange 2.2: for personal finance software.
    Ofx,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Camt053, Self::Ofx];

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The value of the parameter `format`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Camt053 => "camt.053",
            Self::Ofx => "ofx",
        }
    }

    /// Its media type. ISO 20022 registers none.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Camt053 => "application/xml",
            Self::Ofx => "application/x-ofx",
        }
    }

    /// The extension of its file; none where a client does not save it as a file.
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
