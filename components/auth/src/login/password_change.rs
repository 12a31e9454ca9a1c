//! A user chooses a new password.

use crate::device::forget_devices;
use crate::email;
use crate::ended_sessions::EndedSessions;
use crate::env::Env;
use crate::password;
use crate::service::{AuthError, AuthService};
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

/// What the passwords of a change are worth.
enum Verdict {
    /// The current one is right; the hash of the new one.
    Replace(String),
    /// The new one is in force already.
    Replaced,
}

impl<E: Env> AuthService<E> {
    /// Replaces the password. All sessions of the user end but the caller's, and so do all device
    /// tokens. Where the new password is in force already, this is a retry: it changes nothing, and
    /// ends what the first attempt could not end.
    ///
    /// # Errors
    /// [`AuthError::WrongCurrentPassword`], which is counted by the caller's session: otherwise a
    /// stolen access token could guess the password without end, and a stranger without one could
    /// keep the user from changing it. [`AuthError::NotInForce`] where the new password is in force
    /// and older sessions may still work.
    pub fn change_password(
        &self,
        caller: &Identity,
        change: &PasswordChange,
    ) -> Result<(), AuthError> {
        let user = User::by_id(caller.subject, |sql, params| self.store.query(sql, params))?
            .ok_or(AuthError::NotFound)?;
        // A change that is on its way while an administrator shuts the user out would except its
        // own session from that.
        if user.disabled || user.role != caller.role {
            return Err(AuthError::Conflict);
        }
        password::check(&change.new_password, &user.email, user.name.as_deref())
            .map_err(|error| AuthError::Password("/new_password", error))?;

        let account = Account::of(&email::key(&user.email));
        let (attempt, permit) = self.begin_attempt(Counter::of_session(account, caller.session))?;
        let verdict = self.judged(&attempt, || {
            // All on the same core: refused here, the change would have cost a hash for nothing.
            let permit = permit;
            let kept = Some(user.password_hash.as_str());
            if self.verify_under(&permit, &change.current_password, kept)? {
                let new_hash = self.hash_under(&permit, &change.new_password)?;
                return Ok(Some(Verdict::Replace(new_hash)));
            }
            // A second password for one failure that is counted: but once.
            if !attempt.is_first() {
                return Ok(None);
            }
            let is_replaced = self.verify_under(&permit, &change.new_password, kept)?;
            Ok(is_replaced.then_some(Verdict::Replaced))
        })?;
        match verdict.ok_or(AuthError::WrongCurrentPassword)? {
            Verdict::Replace(new_hash) => self.store_password(caller, &user, &new_hash)?,
            Verdict::Replaced => {}
        }
        self.end_old_sessions(user.id)
    }

    fn store_password(
        &self,
        caller: &Identity,
        user: &User,
        new_hash: &str,
    ) -> Result<(), AuthError> {
        let ended = EndedSessions {
            id: self.new_id(),
            subject: user.id,
            security_version_min: user.security_version.saturating_add(1),
            except: Some(caller.session),
        };
        let transaction = self.store.begin()?;
        if !user.update_password(new_hash, ended.security_version_min, &transaction)? {
            // The other change may be of an earlier turn of the group: the commit waits until it is on disk.
            transaction.commit()?;
            return Err(AuthError::Conflict);
        }
        forget_devices(user.id, &transaction)?;
        ended.insert(self.now_ms(), &transaction)?;
        transaction.commit()?;
        Ok(())
    }
}
