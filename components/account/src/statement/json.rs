//! The statement as JSON: one object. The list of entries comes last: it may be long.
//!
//! An entry has the members of `GET /{id}/entries`, and three more: the kind of its transfer, the
//! number of the other side, and whether it is a reversal.

use super::layout::Layout;
use super::line::Line;
use super::summary::{Summary, Total};
use crate::account::{Account, AccountType};
use crate::view::EntryView;
use serde::Serialize;
use std::io;
use strongroom_ledger_api::Kind;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::openapi::{CurrencyCode, SignedAmount, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) struct Json;

/// An account's statement.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is the schema of what `Json` writes in parts")]
pub struct Statement {
    #[schema(inline)]
    #[serde(flatten)]
    head: HeadPart<'static>,
    #[schema(inline)]
    entries: Vec<LinePart<'static>>,
}

#[derive(Serialize, ToSchema)]
struct HeadPart<'a> {
    #[schema(inline)]
    account: AccountPart<'a>,
    #[schema(value_type = Day)]
    from: String,
    #[schema(value_type = Day)]
    to: String,
    #[schema(value_type = Timestamp)]
    as_of: String,
    r#final: bool,
    #[schema(value_type = SignedAmount)]
    opening_balance: String,
    #[schema(value_type = SignedAmount)]
    closing_balance: String,
    #[schema(inline)]
    debits: TotalPart,
    #[schema(inline)]
    credits: TotalPart,
}

/// The members of an account that never change.
#[derive(Serialize, ToSchema)]
struct AccountPart<'a> {
    id: Uuid,
    number: &'a str,
    owner_id: Uuid,
    #[schema(value_type = AccountType, inline)]
    r#type: &'static str,
    #[schema(value_type = CurrencyCode)]
    currency: &'static str,
}

#[derive(Serialize, ToSchema)]
struct TotalPart {
    count: i64,
    #[schema(value_type = SignedAmount)]
    sum: String,
}

#[derive(Serialize, ToSchema)]
struct LinePart<'a> {
    #[serde(flatten)]
    entry: EntryView,
    #[schema(value_type = Kind, inline)]
    r#type: &'static str,
    #[schema(required)]
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
