//! Why an operation failed, and what a client learns of it.

use crate::env::{GatewayError, IssuerError};
use crate::key::KEYS_MAX;
use crate::password::PasswordError;
use http::StatusCode;
use std::borrow::Cow;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::StoreError;

/// Why an operation failed. A text that a client gets is a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// A field of the request is wrong: its pointer, and what it must be.
    #[error("{0} {1}")]
    Invalid(Cow<'static, str>, String),
    /// The rules refuse the password. The pointer names its field.
    #[error("The password {1}.")]
    Password(&'static str, PasswordError),
    /// Another user has this email address.
    #[error("There is a user with this email address already.")]
    EmailTaken,
    /// The email address or the password is wrong, or the user is disabled. The client does not
    /// learn which.
    #[error("The email address or the password is wrong.")]
    InvalidCredentials,
    /// The current password of the caller is wrong.
    #[error("The current password is wrong.")]
    WrongCurrentPassword,
    /// There were too many wrong passwords.
    #[error("Too many wrong passwords for this account. Wait, then try again.")]
    TooManyAttempts {
        /// How long the lock still holds, in milliseconds.
        wait_ms: i64,
    },
    /// No user, or no API key, has this id.
    #[error("there is nothing with this id")]
    NotFound,
    /// Administrators may not do this to themselves.
    #[error(
        "You may not change your own role, or disable or enable yourself; another administrator \
        may."
    )]
    OwnAccount,
    /// The change would leave the bank without an enabled administrator.
    #[error("This is the last enabled administrator; make another one first.")]
    LastAdmin,
    /// There are as many API keys as there may be.
    #[error(
        "There may be {max} API keys. Revoke one that is not used any more.",
        max = KEYS_MAX
    )]
    KeysTooMany,
    /// No core is free for a password hash.
    #[error("no core is free")]
    Overloaded,
    /// Another call changed the user at the same time.
    #[error("the user was changed at the same time")]
    Conflict,
    /// The change is committed, but the token service did not end the older sessions, or the
    /// gateway has not learned of it. The next tick tries again.
    #[error("the change is stored, but older sessions or keys may still work")]
    NotInForce,
    /// The store has a broken password hash, or hashing failed.
    #[error("password hash: {0}")]
    Hash(String),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// See [`IssuerError`].
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// See [`GatewayError`].
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl AuthError {
    pub(crate) fn invalid(
        pointer: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self::Invalid(pointer.into(), detail.into())
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let detail = error.to_string();
        match error {
            AuthError::Invalid(pointer, detail) => Self::invalid(pointer, detail),
            AuthError::Password(pointer, error) => Self::unprocessable(error.code(), detail)
                .with_error(pointer, error.code(), error.to_string()),
            AuthError::EmailTaken => Self::new(StatusCode::CONFLICT, "email_taken", detail),
            AuthError::InvalidCredentials => Self::unauthorized("invalid_credentials", detail),
            // Not 401: a client would take its access token for bad, and log the user out.
            AuthError::WrongCurrentPassword => {
                Self::new(StatusCode::FORBIDDEN, "invalid_credentials", detail)
            }
            AuthError::TooManyAttempts { wait_ms } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail)
                    .with_retry_after(seconds_ceil(wait_ms))
            }
            AuthError::NotFound => Self::not_found(),
            AuthError::OwnAccount => Self::new(StatusCode::FORBIDDEN, "own_account", detail),
            AuthError::LastAdmin => Self::new(StatusCode::CONFLICT, "last_admin", detail),
            AuthError::Conflict => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "The user was changed at the same time. Look again, then retry.",
            ),
            AuthError::KeysTooMany => Self::unprocessable("keys_too_many", detail),
            AuthError::Overloaded => Self::unavailable(),
            AuthError::NotInForce => Self::not_in_force(),
            AuthError::Issuer(IssuerError::Clock) => Self::clock_not_trusted(),
            AuthError::Issuer(error) => {
                eprintln!("{error}");
                Self::unavailable()
            }
            AuthError::Gateway(GatewayError::Unavailable(reason)) => {
                eprintln!("{reason}");
                Self::unavailable()
            }
            AuthError::Gateway(error) => Self::internal(error),
            AuthError::Store(error) => error.into(),
            AuthError::Hash(_) => Self::internal(error),
        }
    }
}

/// Whole seconds, rounded up, at least 1.
fn seconds_ceil(milliseconds: i64) -> u32 {
    let seconds = milliseconds / 1_000 + i64::from(milliseconds % 1_000 != 0);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}
