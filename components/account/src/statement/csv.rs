//! The statement as CSV (RFC 4180) in UTF-8: a header, the opening balance, a row for each entry,
//! and the closing balance.
//!
//! Amounts are signed and the balances have none: the sum of the column is the change of the
//! balance.
//!
//! # Formulas
//! A reference is any text that someone has sent. A spreadsheet takes a cell that begins with one
//! of a few characters for a formula (OWASP, "CSV Injection"). Which characters begin a cell
//! depends on the reader: where the decimal separator is a comma, Excel splits rows at semicolons,
//! and then a quote in the middle of a cell protects nothing.
//!
//! So wherever a common dialect begins a cell, a formula gets an apostrophe in front, and so does
//! an apostrophe: a reader that removes one there gets the reference as it was sent. A row with a
//! separator of another dialect has all its fields quoted, for readers that guess the dialect.

use super::layout::Layout;
use super::line::Line;
use super::summary::Summary;
use ::csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use std::io;
use strongroom_sdk::clock::format_rfc3339;

pub(super) struct Csv;

const COLUMNS: [&str; 12] = [
    "sequence",
    "created_at",
    "type",
    "direction",
    "amount",
    "currency",
    "balance_after",
    "counterparty_number",
    "reference",
    "reversal",
    "transaction_id",
    "id",
];

/// The characters that end a cell in other dialects. A line break ends the row too.
const SEPARATORS: [char; 7] = [';', '\t', '|', '\r', '\n', '\u{2028}', '\u{2029}'];

/// The characters that begin a formula in some spreadsheet, also in their wide forms.
const FORMULA: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

impl Layout for Csv {
    fn head(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        write(out, COLUMNS)?;
        let from_ms = summary.period.from().first_ms();
        let balance_minor = summary.opening.balance_minor;
        balance(out, summary, "opening_balance", from_ms, balance_minor)
    }

    fn line(&self, summary: &Summary, line: &Line, out: &mut Vec<u8>) -> io::Result<()> {
        let (account, entry) = (&summary.account, &line.entry);
        write(
            out,
            [
                &entry.sequence.to_string(),
                &format_rfc3339(entry.created_at_ms),
                line.kind.as_str(),
                entry.direction.as_str(),
                &account.money(line.signed_minor()).to_string(),
                account.currency.code(),
                &account.money(entry.balance_after_minor).to_string(),
                line.counterparty.as_deref().unwrap_or_default(),
                &guarded(entry.reference.as_deref().unwrap_or_default()),
                if line.is_reversal() { "true" } else { "false" },
                &entry.transaction_id.to_string(),
                &entry.id(account).to_string(),
            ],
        )
    }

    fn tail(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        let balance_minor = summary.closing.balance_minor;
        balance(
            out,
            summary,
            "closing_balance",
            summary.as_of_ms,
            balance_minor,
        )
    }
}

fn balance(
    out: &mut Vec<u8>,
    summary: &Summary,
    kind: &str,
    at_ms: i64,
    balance_minor: i64,
) -> io::Result<()> {
    let account = &summary.account;
    let (at, balance) = (
        format_rfc3339(at_ms),
        account.money(balance_minor).to_string(),
    );
    let currency = account.currency.code();
    write(
        out,
        [
            "", &at, kind, "", "", currency, &balance, "", "", "", "", "",
        ],
    )
}

fn write(out: &mut Vec<u8>, row: [&str; COLUMNS.len()]) -> io::Result<()> {
    let is_split_elsewhere = row.iter().any(|field| field.contains(SEPARATORS));
    let mut writer: Writer<&mut Vec<u8>> = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .quote_style(if is_split_elsewhere {
            QuoteStyle::Always
        } else {
            QuoteStyle::Necessary
        })
        .from_writer(out);
    writer.write_record(row)?;
    writer.flush()
}

/// The text with an apostrophe wherever a cell begins a formula.
fn guarded(text: &str) -> String {
    let cells = text.split_inclusive(|character| {
        // Some readers ignore quotes, and split at each comma.
        character == ',' || SEPARATORS.contains(&character)
    });
    let mut guarded = String::with_capacity(text.len());
    for cell in cells {
        if cell.starts_with('\'') || begins_formula(cell) {
            guarded.push('\'');
        }
        guarded.push_str(cell);
    }
    guarded
}

/// Whether a cell begins a formula; some readers drop blanks or quotes in front of it.
fn begins_formula(cell: &str) -> bool {
    let is_dropped = |character: char| character == '"' || character.is_whitespace();
    cell.starts_with(FORMULA) || cell.trim_start_matches(is_dropped).starts_with(FORMULA)
}

#[cfg(test)]
mod tests;
