//! The part of `/api/accounts` in the bank's OpenAPI document.

use crate::api::handlers;
use strongroom_sdk::openapi::Refusal;
use strongroom_sdk::refusals;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Accounts",
        description = "Accounts, their balances and statements, the journal."
    ),
    paths(
        handlers::list,
        handlers::open,
        handlers::list_of_user,
        handlers::journal,
        handlers::events,
        handlers::account,
        handlers::update,
        handlers::balance,
        handlers::entries,
        handlers::statement,
        handlers::events_of,
        handlers::freeze,
        handlers::unfreeze,
        handlers::close,
    )
)]
struct Document;

/// Why a call is refused, beyond the reasons that all services have.
const REFUSALS: &[Refusal] = refusals! {
    403 "own_account": "the account is the caller's own";
    409 "account_limit_reached": "the user has as many accounts as a user may";
    409 "code_taken": "an internal account of the currency has the code, or had it";
    409 "account_closed": "the account is closed";
    409 "account_frozen": "the account is frozen";
    409 "balance_not_zero": "the account has a balance, or something pending";
    409 "overdraft_in_use": "the account is overdrawn by more than the new limit";
    422 "amount_invalid": "the limit is not an amount of the account's currency";
    422 "at_in_future": "the time is not in the past";
    422 "period_in_future": "a day of the period is after today";
    422 "statement_too_long": "the period has too many entries for one statement";
    422 "amounts_too_large": "the format has no room for amounts as large as these";
};

pub(crate) fn document() -> String {
    strongroom_sdk::openapi::document(&Document::openapi(), REFUSALS, &[])
}
