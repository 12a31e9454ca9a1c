//! A user chooses a new password.

use crate::email;
use crate::outside::Outside;
use crate::password;
use crate::service::{AuthError, AuthService};
use crate::sessions::EndedSessions;
use crate::throttle::Account;
use crate::user::User;
use serde::Deserialize;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::store::{Store, Transaction};

/// `POST /password`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one in force.
    pub current_password: String,
    /// The one to come.
    pub new_password: String,
}

impl<O: Outside> AuthService<O> {
    /// Replaces the password. All sessions of the user end but the caller's.
    ///
    /// # Errors
    /// [`AuthError::WrongCurrentPassword`], which is counted like a failed login: else a stolen access token could guess the
    /// password without end.
    pub fn change_password(
        &self,
        caller: &Identity,
        change: &PasswordChange,
    ) -> Result<(), AuthError> {
        let user = User::by_id(caller.subject, |sql, params| self.store.query(sql, params))?
            .ok_or(AuthError::NotFound)?;
        password::check(&change.new_password, &user.email, user.name.as_deref())
            .map_err(|error| AuthError::Password("/new_password", error))?;

        let attempt = self.begin_attempt(Account::of(&email::key(&user.email)))?;
        let verified = self.judged(&attempt, || {
            let right =
                self.verify_password(&change.current_password, Some(&user.password_hash))?;
            Ok(right.then(|| user.clone()))
        })?;
        if verified.is_none() {
            return Err(AuthError::WrongCurrentPassword);
        }
        let password_hash = self.hash_password(&change.new_password)?;

        let ended = EndedSessions {
            id: self.new_id(),
            subject: user.id,
            security_version_min: user.security_version.saturating_add(1),
            except: Some(caller.session),
        };
        let transaction = self.store.begin()?;
        if !user.update_password(&password_hash, ended.security_version_min, &transaction)? {
            // The other change may be of an earlier turn of the group: the commit waits until it is on disk.
            transaction.commit()?;
            return Err(AuthError::Conflict);
        }
        ended.insert(self.now_ms(), &transaction)?;
        transaction.commit()?;
        self.deliver_or_leave(&ended);
        Ok(())
    }
}
