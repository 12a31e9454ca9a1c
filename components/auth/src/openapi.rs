//! The part of `/api/auth` in the bank's OpenAPI document.

use crate::api::handlers::{keys, own, staff};
use strongroom_sdk::openapi::Refusal;
use strongroom_sdk::refusals;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Auth",
        description = "Users, their passwords and roles, their sessions, and API keys."
    ),
    paths(
        own::register,
        own::log_in,
        own::log_out,
        own::me,
        own::change_me,
        own::change_password,
        staff::users,
        staff::create_user,
        staff::user,
        staff::change_user,
        keys::keys,
        keys::create_key,
        keys::key,
        keys::confirm_key,
        keys::revoke_key,
        staff::events,
    )
)]
struct Document;

/// Why a call is refused, beyond the reasons that all services have.
const REFUSALS: &[Refusal] = refusals! {
    401 "invalid_credentials": "the email address or the password is wrong";
    403 "invalid_credentials": "the current password is wrong";
    403 "own_account": "administrators do not change their own role, or disable themselves";
    409 "email_taken": "another user has the email address";
    409 "last_admin": "no enabled administrator would be left";
    409 "conflict": "the user was changed at the same time";
    422 "password_too_short": "the password has fewer than 15 characters";
    422 "password_too_long": "the password has more than 256 characters";
    422 "password_blocked": "the password is too easy to guess";
    422 "keys_too_many": "there are as many API keys as there may be";
    429 "too_many_attempts": "there were too many wrong passwords";
};

pub(crate) fn document() -> String {
    strongroom_sdk::openapi::document(&Document::openapi(), REFUSALS, &[])
}
