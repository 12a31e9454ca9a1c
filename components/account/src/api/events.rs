//! The audit log of accounts: who did what to which account, when, in which request, and the value before and after.
//!
//! A status of `frozen` stops both sides, `frozen:debits` and `frozen:credits` one. An overdraft
//! limit is a decimal string. What an account was opened as is a JSON text.

use super::{AUDITORS, STAFF, readable};
use strongroom_sdk::audit_log::{self, EventView};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

const TARGET: &str = "account_id";

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
    let list = audit_log::page(store, page, Some(account.id))?;
    Ok(list.map(|event| event.view(TARGET)))
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
    let events = audit_log::after(store, page.after, page.fetch())?;
    Ok(page.list(events, |event| event.sequence, |event| event.view(TARGET)))
}
