//! The service itself: what is outside it, and its settings. Each of its operations is a file beside this one.

use crate::env::{Env, IssuerError};
use crate::password::PasswordError;
use crate::settings::Settings;
use http::StatusCode;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::StoreError;
use uuid::Uuid;

/// Users, their passwords and roles.
#[derive(Clone)]
pub struct AuthService<E: Env> {
    /// Where users are kept.
    pub store: E::Store,
    /// Tells the time.
    pub clock: E::Clock,
    /// Makes salts and ids.
    pub random: E::Random,
    /// Leave to burn a core.
    pub compute: E::Compute,
    /// The token service.
    pub issuer: E::Issuer,
    /// The configuration.
    pub settings: Settings,
}

/// Why an operation did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// A field of the request: its pointer, and what it must be.
    #[error("{0} {1}")]
    Invalid(&'static str, String),
    /// The password may not be chosen; the pointer says which field has it.
    #[error("{0}: {1}")]
    Password(&'static str, PasswordError),
    /// Another user has this email address.
    #[error("another user has this email address")]
    EmailTaken,
    /// The email address or the password is wrong, or the user is disabled: nobody is told which.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// The current password is wrong, of a caller who is known.
    #[error("the current password is wrong")]
    WrongCurrentPassword,
    /// Too many wrong passwords; the next is heard after so many milliseconds.
    #[error("too many attempts")]
    TooManyAttempts {
        /// How long the account is still locked.
        wait_ms: i64,
    },
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// Administrators do this to others, and not to themselves.
    #[error("the caller's own account")]
    OwnAccount,
    /// The bank would be left without an enabled administrator.
    #[error("the last administrator")]
    LastAdmin,
    /// No core is free for a password hash.
    #[error("no core is free")]
    Overloaded,
    /// Somebody else changed the user at the same time.
    #[error("the user was changed at the same time")]
    Conflict,
    /// The change is committed, and the token service, which ends the sessions that it makes wrong,
    /// has not answered; it is told again at the next tick.
    #[error("the change is stored, but older sessions of the user may still work")]
    NotInForce,
    /// The password hash in the store, or the hashing itself, is broken.
    #[error("password hash: {0}")]
    Hash(String),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// See [`IssuerError`].
    #[error(transparent)]
    Issuer(#[from] IssuerError),
}

impl<E: Env> AuthService<E> {
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.random.uuid_v7(&self.clock)
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid(pointer, detail) => {
                Self::validation_failed().with_error(pointer, "invalid", detail)
            }
            AuthError::Password(pointer, error) => {
                let detail = error.to_string();
                Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    error.code(),
                    format!("The password {detail}."),
                )
                .with_error(pointer, error.code(), detail)
            }
            AuthError::EmailTaken => Self::new(
                StatusCode::CONFLICT,
                "email_taken",
                "There is a user with this email address already.",
            ),
            AuthError::InvalidCredentials => Self::new(
                StatusCode::UNAUTHORIZED,
                "invalid_credentials",
                "The email address or the password is wrong.",
            ),
            // Not 401: that would tell the client that its access token is bad, and log the user out.
            AuthError::WrongCurrentPassword => Self::new(
                StatusCode::FORBIDDEN,
                "invalid_credentials",
                "The current password is wrong.",
            ),
            AuthError::TooManyAttempts { wait_ms } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "Too many wrong passwords for this account. Wait, then try again.",
            )
            .with_retry_after(seconds_ceil(wait_ms)),
            AuthError::NotFound => Self::not_found(),
            AuthError::OwnAccount => Self::new(
                StatusCode::FORBIDDEN,
                "own_account",
                "You may not change your own role, or disable or enable yourself; another administrator may.",
            ),
            AuthError::LastAdmin => Self::new(
                StatusCode::CONFLICT,
                "last_admin",
                "This is the last enabled administrator; make another one first.",
            ),
            AuthError::Conflict => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "The user was changed at the same time. Look again, then retry.",
            ),
            AuthError::Overloaded => Self::unavailable(),
            AuthError::NotInForce => Self::not_in_force(),
            AuthError::Issuer(IssuerError::Clock) => Self::clock_not_trusted(),
            AuthError::Issuer(error) => {
                eprintln!("{error}");
                Self::unavailable()
            }
            AuthError::Store(error) => error.into(),
            AuthError::Hash(_) => Self::internal(error),
        }
    }
}

/// Whole seconds, at least 1, that are not shorter.
fn seconds_ceil(milliseconds: i64) -> u32 {
    let seconds = milliseconds / 1_000 + i64::from(milliseconds % 1_000 != 0);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}
