//! The part of `/api/transactions` in the bank's OpenAPI document.

use crate::api::handlers;
use strongroom_sdk::openapi::{Alias, Refusal};
use strongroom_sdk::refusals;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Transactions",
        description = "Moving money: payments, holds, batches, and standing orders."
    ),
    paths(
        handlers::list,
        handlers::deposit,
        handlers::withdraw,
        handlers::transfer,
        handlers::posting,
        handlers::hold,
        handlers::capture,
        handlers::void,
        handlers::batch,
        handlers::reverse,
        handlers::transaction,
        handlers::events,
        handlers::create_schedule,
        handlers::list_schedules,
        handlers::schedule_events,
        handlers::schedule,
        handlers::cancel_schedule,
    )
)]
struct Document;

/// Why a call is refused, beyond the reasons that all services have. A decline is recorded, and has
/// the `transaction_id`.
const REFUSALS: &[Refusal] = refusals! {
    403 "own_account": "the account is the caller's own: a colleague must do it";
    404 "account_not_found": "there is no such account, or the caller may not debit it";
    422 "amount_invalid": "the amount is not one of the currency";
    422 "account_closed" with "transaction_id": "declined: one of the accounts is closed";
    422 "account_frozen" with "transaction_id": "declined: one of the accounts is frozen";
    422 "currency_mismatch" with "transaction_id":
        "declined: one of the accounts is kept in another currency";
    422 "limit_exceeded" with "transaction_id": "declined: an account would hold more than it can";
    422 "insufficient_funds" with "transaction_id":
        "declined: the account does not have that much available";
    422 "screening_denied" with "transaction_id": "declined: the bank does not make this payment";
    422 "posting_unbalanced": "in one currency the debits are not the credits";
    422 "hold_declined" with "decline_code": "the hold itself was declined";
    422 "already_captured" with "transaction_id": "declined: the hold was captured before";
    422 "already_voided" with "transaction_id": "declined: the hold was voided before";
    422 "hold_expired" with "transaction_id": "declined: the time of the hold is up";
    422 "amount_exceeds_hold" with "transaction_id":
        "declined: the amount is more than the hold has reserved";
    422 "not_reversible" with "transaction_id":
        "declined: the transaction has moved no money, or is a reversal";
    422 "already_reversed" with "transaction_id": "declined: the transaction was reversed before";
    422 "batch_declined" with "transaction_id", "id", "atomic", "outcomes":
        "a transfer of the atomic batch is declined, so none is posted";
    422 "batch_refused" with "atomic", "outcomes":
        "a transfer of the atomic batch cannot be recorded, so none is";
    422 "schedule_in_past": "the first date is before today";
    422 "schedules_too_many": "the user has as many standing orders as a user may";
};

/// The other name of a transfer.
const ALIASES: &[Alias] = &[Alias {
    path: "/send",
    of: "/transfer",
    operation_id: "send",
}];

pub(crate) fn document() -> String {
    strongroom_sdk::openapi::document(&Document::openapi(), REFUSALS, ALIASES)
}
