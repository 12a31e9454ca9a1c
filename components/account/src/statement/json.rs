//! The statement as JSON: one object. The list of entries comes last: it may be long.
//!
//! An entry has the members of `GET /{id}/entries`, and three more: the kind of its transfer, the
//! number of the other side, and whether it is a reversal.

use super::layout::Layout;
use super::line::Line;
use super::summary::{Summary, Total};
use crate::account::Account;
use crate::view::EntryView;
use serde::Serialize;
use std::io;
use strongroom_sdk::clock::format_rfc3339;
use uuid::Uuid;

pub(super) struct Json;

#[derive(Serialize)]
struct HeadPart<'a> {
    account: AccountPart<'a>,
    from: String,
    to: String,
    as_of: String,
    r#final: bool,
    opening_balance: String,
    closing_balance: String,
    debits: TotalPart,
    credits: TotalPart,
}

/// The members of an account that never change.
#[derive(Serialize)]
struct AccountPart<'a> {
    id: Uuid,
    number: &'a str,
    owner_id: Uuid,
    r#type: &'static str,
    currency: &'static str,
}

#[derive(Serialize)]
struct TotalPart {
    count: i64,
    sum: String,
}

#[derive(Serialize)]
struct LinePart<'a> {
    #[serde(flatten)]
    entry: EntryView,
    r#type: &'static str,
    counterparty_number: Option<&'a str>,
    reversal: bool,
}

impl TotalPart {
    fn new(account: &Account, total: Total) -> Self {
        Self {
            count: total.count,
            sum: account.money(total.sum_minor).to_string(),
        }
    }
}

impl Layout for Json {
    fn head(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        let account = &summary.account;
        let head = HeadPart {
            account: AccountPart {
                id: account.id,
                number: &account.number,
                owner_id: account.owner_id,
                r#type: account.account_type.as_str(),
                currency: account.currency.code(),
            },
            from: summary.period.from().to_string(),
            to: summary.period.to().to_string(),
            as_of: format_rfc3339(summary.as_of_ms),
            r#final: summary.is_final,
            opening_balance: account.money(summary.opening.balance_minor).to_string(),
            closing_balance: account.money(summary.closing.balance_minor).to_string(),
            debits: TotalPart::new(account, summary.debits),
            credits: TotalPart::new(account, summary.credits),
        };
        serde_json::to_writer(&mut *out, &head)?;
        // The object goes on: its last member is the list.
        out.pop();
        out.extend_from_slice(b",\"entries\":[");
        Ok(())
    }

    fn line(&self, summary: &Summary, line: &Line, out: &mut Vec<u8>) -> io::Result<()> {
        if line.entry.sequence > summary.opening.entries + 1 {
            out.push(b',');
        }
        let part = LinePart {
            entry: EntryView::new(&summary.account, line.entry.clone()),
            r#type: line.kind.as_str(),
            counterparty_number: line.counterparty.as_deref(),
            reversal: line.is_reversal(),
        };
        Ok(serde_json::to_writer(out, &part)?)
    }

    fn tail(&self, _: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(b"]}");
        Ok(())
    }
}
