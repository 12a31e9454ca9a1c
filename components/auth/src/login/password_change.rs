//! A user gets a new password.

use crate::device::forget_devices;
use crate::email;
use crate::env::Env;
use crate::error::AuthError;
use crate::outbox::EndedSessions;
use crate::password;
use crate::service::AuthService;
use crate::throttle::{Account, Counter};
use crate::user::User;
use serde::Deserialize;
use strongroom_sdk::identity::SessionUser;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use utoipa::ToSchema;
use uuid::Uuid;

/// The body of `POST /password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "current_password": "seven otters juggle walnuts",
    "new_password": "eleven herons mend kettles"
})))]
pub struct PasswordChange {
    /// The password in force.
    pub current_password: String,
    /// The password to replace it.
    pub new_password: String,
}

/// What to do with a change whose passwords are right.
enum Verdict {
    /// Store this hash of the new password.
    Replace(String),
    /// Nothing: the new password is already in force.
    Replaced,
}

impl<E: Env> AuthService<E> {
    /// Replaces the password. All device tokens of the user end, and all sessions except the
    /// caller's. If the new password is already in force, this is a retry: it changes nothing, and
    /// ends the sessions that the first attempt could not end.
    ///
    /// # Errors
    /// - [`AuthError::WrongCurrentPassword`], counted by the caller's session. So a stolen access
    ///   token cannot guess without end, and a stranger without one cannot keep the user from a
    ///   change;
    /// - [`AuthError::NotInForce`] where the new password is stored but older sessions may still
    ///   work.
    pub fn change_password(
        &self,
        SessionUser { identity, session }: &SessionUser,
        change: &PasswordChange,
    ) -> Result<(), AuthError> {
        let user = User::by_id(identity.subject, &self.store)?.ok_or(AuthError::NotFound)?;
        // Otherwise a change that races with an administrator's would keep the caller's session,
        // which the administrator has ended.
        if user.disabled || user.role != identity.role {
            return Err(AuthError::Conflict);
        }
        password::check(&change.new_password, &user.email, user.name.as_deref())
            .map_err(|error| AuthError::Password("/new_password", error))?;

        let account = Account::of(&email::key(&user.email));
        let (attempt, permit) = self.begin_attempt(Counter::of_session(account, *session))?;
        let verdict = self.judged(&attempt, || {
            // All hashes run on this core. To wait for another one could waste the first hash.
            let permit = permit;
            let kept = Some(user.password_hash.as_str());
            if self.verify_under(&permit, &change.current_password, kept)? {
                let new_hash = self.hash_under(&permit, &change.new_password)?;
                return Ok(Some(Verdict::Replace(new_hash)));
            }
            // This checks a second password for one counted failure, so it is allowed once.
            if !attempt.is_first() {
                return Ok(None);
            }
            let is_replaced = self.verify_under(&permit, &change.new_password, kept)?;
            Ok(is_replaced.then_some(Verdict::Replaced))
        })?;
        match verdict.ok_or(AuthError::WrongCurrentPassword)? {
            Verdict::Replace(new_hash) => {
                self.replace_password(&user, &new_hash, Some(*session), |_| Ok(()))?;
            }
            Verdict::Replaced => {}
        }
        self.put_in_force(user.id)
    }

    /// Stores a new password with what else must be in the same transaction. All device tokens of
    /// the user end, and the outbox gets all sessions except `except`.
    ///
    /// # Errors
    /// [`AuthError::Conflict`] where the user has changed in the meantime.
    pub(crate) fn replace_password(
        &self,
        user: &User,
        password_hash: &str,
        except: Option<Uuid>,
        also: impl FnOnce(&<E::Store as Store>::Transaction) -> Result<(), StoreError>,
    ) -> Result<(), AuthError> {
        let ended = EndedSessions {
            id: self.new_id(),
            subject: user.id,
            security_version_min: user.security_version.saturating_add(1),
            except,
        };
        let transaction = self.store.begin()?;
        if !user.update_password(password_hash, ended.security_version_min, &transaction)? {
            // The other change may be of an earlier turn of the group. The commit waits until it is
            // on disk.
            transaction.commit()?;
            return Err(AuthError::Conflict);
        }
        forget_devices(user.id, &transaction)?;
        ended.insert(self.now_ms(), &transaction)?;
        also(&transaction)?;
        transaction.commit()?;
        Ok(())
    }
}
