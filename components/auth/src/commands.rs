//! What an operator may command: a way back into a bank whose administrators have lost their
//! passwords.

use crate::audit_log::PASSWORD_RESET;
use crate::device::forget_devices;
use crate::email;
use crate::ended_sessions::EndedSessions;
use crate::env::Env;
use crate::service::{AuthError, AuthService};
use crate::throttle::Account;
use crate::user::User;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::store::{Store, Transaction};

/// The commands, as an operator types them.
const RESET_PASSWORD: &str = "reset-password";
const RESET_PASSWORD_USAGE: &str = "reset-password EMAIL";

impl<E: Env> AuthService<E> {
    /// Carries out a command, and returns what the operator must know, which may be a secret.
    ///
    /// # Errors
    /// In words for the operator: what is wrong, what was done all the same, and what to do.
    pub fn run_command(&self, name: &str, arguments: &[String]) -> Result<String, String> {
        match (name, arguments) {
            (RESET_PASSWORD, [email]) => self.reset_password(email),
            (RESET_PASSWORD, _) => Err(format!(
                "`{RESET_PASSWORD}` takes one email address: {RESET_PASSWORD_USAGE}"
            )),
            _ => Err(format!(
                "there is no command `{name}`; there is: {RESET_PASSWORD_USAGE}"
            )),
        }
    }

    /// Gives a user a new password that nobody chose. All sessions and device tokens of the user
    /// end, and wrong passwords are forgotten, so that the operator need not wait.
    fn reset_password(&self, email: &str) -> Result<String, String> {
        let email_key = email::key(email);
        let user = User::by_email(&email_key, |sql, params| self.store.query(sql, params))
            .map_err(|error| said(error.into()))?
            .ok_or_else(|| {
                format!(
                    "there is no user with the email address `{email}`; look for a misspelt letter"
                )
            })?;
        let password = self.random_password();
        self.replace_password(&user, &email_key, &password)
            .map_err(said)?;
        let mut told = vec![
            format!(
                "The password of {} is now {password} (shown only now; change it soon).",
                user.email
            ),
            "All sessions of this user have ended.".to_owned(),
        ];
        if user.disabled {
            told.push(format!(
                "The user is still disabled and cannot log in: an administrator enables them, by \
                PATCH /api/auth/users/{} with {{\"disabled\":false}}.",
                user.id
            ));
        }
        Ok(told.join("\n"))
    }

    fn replace_password(
        &self,
        user: &User,
        email_key: &str,
        password: &str,
    ) -> Result<(), AuthError> {
        let password_hash = self.hash_password(password)?;
        let ended = EndedSessions {
            id: self.new_id(),
            subject: user.id,
            security_version_min: user.security_version.saturating_add(1),
            except: None,
        };
        let transaction = self.store.begin()?;
        if !user.update_password(&password_hash, ended.security_version_min, &transaction)? {
            // The other change may be of an earlier turn of the group: the commit waits until it is
            // on disk.
            transaction.commit()?;
            return Err(AuthError::Conflict);
        }
        forget_devices(user.id, &transaction)?;
        Account::of(email_key).forget(&transaction)?;
        ended.insert(self.now_ms(), &transaction)?;
        let operator = &Actor::OPERATOR;
        self.record(operator, PASSWORD_RESET, user.id, None, None, &transaction)?;
        transaction.commit()?;
        self.end_old_sessions(user.id)
    }
}

/// An error in words for the operator.
fn said(error: AuthError) -> String {
    match error {
        AuthError::Overloaded | AuthError::Conflict => {
            format!("{error}; nothing was changed: run the command again")
        }
        AuthError::NotInForce => format!(
            "{error}: they end within seconds; run the command again to be sure, and to see the \
            next password: the one made now is not shown"
        ),
        error => format!("{error}; nothing was changed"),
    }
}
