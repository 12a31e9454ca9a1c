//! The statement as CSV (RFC 4180) in UTF-8: a header, a row for each entry, and the balances as rows of their own before and after them.
//!
//! Amounts are signed and the balances have none, so that a column of amounts adds up to what the balance changed by.
//!
//! A reference is whatever somebody has sent, and a spreadsheet takes a field that begins with one of a few characters for a formula
//! (OWASP, "CSV Injection"). Such a field gets an apostrophe in front, and so does one that begins with an apostrophe: whoever takes one
//! away where there is one has the reference as it is.

use super::format::Layout;
use super::line::Line;
use super::summary::Summary;
use ::csv::{Terminator, Writer, WriterBuilder};
use std::borrow::Cow;
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

/// What begins a formula, in one spreadsheet or another, as it is or in its wide form; and the apostrophe itself.
const GUARDED: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\'',
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
                &entry.id().to_string(),
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

/// A row that is no entry.
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
    let mut writer: Writer<&mut Vec<u8>> = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(out);
    writer.write_record(row)?;
    writer.flush()
}

fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(GUARDED) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests;
