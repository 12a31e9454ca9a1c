//! A user chooses a new password.

use crate::device::forget_devices;
use crate::email;
use crate::outside::Outside;
use crate::password;
use crate::service::{AuthError, AuthService};
use crate::sessions::EndedSessions;
use crate::throttle::{Account, Counter};
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
    /// Replaces the password. All sessions of the user end but the caller's, and so do all device
    /// tokens.
    ///
    /// # Errors
    /// [`AuthError::WrongCurrentPassword`], which is counted by the caller's session: otherwise a
    /// stolen access token could guess the password without end, and a stranger without one could
    /// keep the user from changing it.
    pub fn change_password(
        &self,
        caller: &Identity,
        change: &PasswordChange,
    ) -> Result<(), AuthError> {
        let user = User::by_id(caller.subject, |sql, params| self.store.query(sql, params))?
            .ok_or(AuthError::NotFound)?;
        password::check(&change.new_password, &user.email, user.name.as_deref())
            .map_err(|error| AuthError::Password("/new_password", error))?;

        let account = Account::of(&email::key(&user.email));
        let (attempt, permit) = self.begin_attempt(Counter::of_session(account, caller.session))?;
        let new_hash = self.judged(&attempt, || {
            let kept = Some(user.password_hash.as_str());
            if !self.verify_under(&permit, &change.current_password, kept)? {
                return Ok(None);
            }
            // On the same core: refused here, the change would have cost a hash for nothing.
            let new_hash = self.hash_under(&permit, &change.new_password);
            drop(permit);
            new_hash.map(Some)
        })?;
        let password_hash = new_hash.ok_or(AuthError::WrongCurrentPassword)?;

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
        forget_devices(user.id, &transaction)?;
        ended.insert(self.now_ms(), &transaction)?;
        transaction.commit()?;
        self.deliver_or_leave(&ended);
        Ok(())
    }
}
