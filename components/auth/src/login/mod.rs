//! A user logs in, logs out, and changes the password.

mod password_change;

pub use password_change::PasswordChange;

use crate::email;
use crate::env::{Env, Issuer, IssuerError, PermitOf};
use crate::error::AuthError;
use crate::service::AuthService;
use crate::throttle::{Account, Attempt, Counter, Network};
use crate::user::User;
use serde::Deserialize;
use strongroom_sdk::oauth::TokenResponse;
use strongroom_sdk::store::{Store, Transaction};
use utoipa::ToSchema;
use uuid::Uuid;

/// A login that raced with a change of the user gets a second attempt.
const ATTEMPTS: usize = 2;

/// The body of `POST /login`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "email": "ann@example.org", "password": "seven otters juggle walnuts"
})))]
pub struct Login {
    /// The email address, in any form.
    pub email: String,
    /// The password, in any Unicode form.
    pub password: String,
    /// The token that an earlier login returned to this device.
    pub device_token: Option<String>,
}

/// A user and a new session.
pub struct LoggedIn {
    pub user: User,
    pub tokens: TokenResponse,
    /// The device's token for the next login: its own if that is valid, or a new one.
    pub device_token: String,
}

impl<E: Env> AuthService<E> {
    /// Begins a session of the user with this password.
    ///
    /// # Errors
    /// [`AuthError::InvalidCredentials`] for a wrong password, an unknown address, and a disabled
    /// user, after the same time.
    pub fn log_in(
        &self,
        login: &Login,
        network: Network,
        user_agent: Option<&str>,
    ) -> Result<LoggedIn, AuthError> {
        let email_key = email::key(&login.email);
        let account = Account::of(&email_key);
        let device = self.known_device(&email_key, login.device_token.as_deref())?;
        let counters = match &device {
            Some(device) => Counter::of_device(account, device.hash),
            None => Counter::of_stranger(account, network),
        };
        let (attempt, permit) = self.begin_attempt(counters)?;
        let user = self.judged(&attempt, || {
            self.find_by_password(permit, &email_key, &login.password)
        })?;
        let Some(mut user) = user else {
            return Err(AuthError::InvalidCredentials);
        };
        self.rehash(&mut user, &login.password)?;
        for _ in 0..ATTEMPTS {
            match self
                .issuer
                .issue(user.id, user.role, user.security_version, user_agent)
            {
                Ok(tokens) => {
                    let device_token = match device {
                        Some(device) => device.token,
                        None => self.new_device_token(&user),
                    };
                    return Ok(LoggedIn {
                        user,
                        tokens,
                        device_token,
                    });
                }
                Err(IssuerError::Superseded) => {
                    let permit = self.core(device.is_some())?;
                    user = self
                        .find_by_password(permit, &email_key, &login.password)?
                        .ok_or(AuthError::InvalidCredentials)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(IssuerError::Superseded.into())
    }

    /// Ends a session. Its tokens stop working before this returns.
    pub fn log_out(&self, session: Uuid, subject: Uuid) -> Result<(), AuthError> {
        Ok(self.issuer.end_session(session, subject)?)
    }

    /// Checks a password by `check`, which returns something if the password is right, and reports
    /// the outcome to the throttle.
    fn judged<T>(
        &self,
        attempt: &Attempt,
        check: impl FnOnce() -> Result<Option<T>, AuthError>,
    ) -> Result<Option<T>, AuthError> {
        match check() {
            Ok(Some(found)) => {
                self.attempt_succeeded(attempt)?;
                Ok(Some(found))
            }
            Ok(None) => {
                self.attempt_failed(attempt)?;
                Ok(None)
            }
            Err(error) => {
                self.attempt_withdrawn(attempt)?;
                Err(error)
            }
        }
    }

    /// The enabled user with this address and password. Takes one hash, also if there is no such
    /// user, and then frees the core.
    fn find_by_password(
        &self,
        permit: PermitOf<E>,
        email_key: &str,
        password: &str,
    ) -> Result<Option<User>, AuthError> {
        let user = User::by_email(email_key, &self.store)?;
        let kept = user.as_ref().map(|user| user.password_hash.as_str());
        let right = self.verify_under(&permit, password, kept)?;
        Ok(user.filter(|user| right && !user.disabled))
    }

    /// Replaces a hash of older parameters, now that the password is known. If no core is free, the
    /// login goes on, and the next one tries again.
    fn rehash(&self, user: &mut User, password: &str) -> Result<(), AuthError> {
        if !self.is_outdated(&user.password_hash)? {
            return Ok(());
        }
        let password_hash = match self.hash_password(password, true) {
            Ok(password_hash) => password_hash,
            Err(AuthError::Overloaded) => return Ok(()),
            Err(error) => return Err(error),
        };
        let transaction = self.store.begin()?;
        if user.update_password(&password_hash, user.security_version, &transaction)? {
            transaction.commit_later()?;
            user.password_hash = password_hash;
        }
        Ok(())
    }
}
