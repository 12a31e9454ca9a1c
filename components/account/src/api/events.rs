//! The audit trail of accounts: who did what to which account, when, in which request, and the value before and after.

use super::onward::{OnwardList, OnwardQuery};
use super::{AUDITORS, STAFF, before, readable};
use crate::account::{Action, TrailRow, events_after, events_of};
use serde::Serialize;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// An event.
///
/// `old_value` and `new_value` are what its hash covers, of an overdraft limit as a decimal string instead of in minor units. A status of
/// `frozen` stops both sides, `frozen:debits` and `frozen:credits` one. What an account was opened as is a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    sequence: i64,
    account_id: Uuid,
    action: &'static str,
    actor_id: Uuid,
    actor_role: String,
    request_id: String,
    old_value: Option<String>,
    new_value: String,
    created_at: String,
    hash: String,
}

/// `GET /{id}/events`: an account's events, newest first. Staff.
///
/// # Errors
/// 403, 404.
pub fn events<S: Store>(
    store: &S,
    identity: &Identity,
    id: Uuid,
    page: &Page<u64>,
) -> Result<List<EventView>, Problem> {
    identity.require(STAFF)?;
    let account = readable(store, identity, id)?;
    let rows = events_of(store, &account, before(page), page.fetch())?;
    let list = List::new(rows, page, |row| row.event.sequence.unsigned_abs());
    Ok(list.map(EventView::from))
}

/// `GET /events`: all accounts' events, those of the bank's own accounts too, oldest first. Auditor, admin.
///
/// # Errors
/// 403; 422 `validation_failed`.
pub fn all_events<S: Store>(
    store: &S,
    identity: &Identity,
    query: OnwardQuery,
) -> Result<OnwardList<EventView>, Problem> {
    identity.require(AUDITORS)?;
    let page = query.page()?;
    let rows = events_after(store, page.after, page.fetch())?;
    Ok(page.list(rows, |row| row.event.sequence, EventView::from))
}

impl From<TrailRow> for EventView {
    fn from(row: TrailRow) -> Self {
        let event = row.event;
        let limit = event.action == Action::OverdraftLimitChanged;
        let shown = |value: String| match Currency::from_code(&row.currency) {
            Ok(currency) if limit => decimal(value, currency),
            _ => value,
        };
        Self {
            sequence: event.sequence,
            account_id: event.account_id,
            action: event.action.as_str(),
            actor_id: event.actor_id,
            actor_role: event.actor_role,
            request_id: event.request_id,
            old_value: event.old_value.map(shown),
            new_value: shown(event.new_value),
            created_at: format_rfc3339(event.at_ms),
            hash: hex::encode(row.hash),
        }
    }
}

/// What is no number of minor units is shown as it is: an auditor must see what the row holds.
fn decimal(value: String, currency: Currency) -> String {
    match value.parse() {
        Ok(minor) => Money::from_minor(minor, currency).to_string(),
        Err(_) => value,
    }
}
