//! The commands of an operator: a way back into a bank whose administrators have lost their
//! passwords.

use crate::audit_log::PASSWORD_RESET;
use crate::email;
use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use crate::throttle::Account;
use crate::user::User;
use strongroom_sdk::audit_log::Actor;

/// The command as an operator types it.
const RESET_PASSWORD: &str = "reset-password";
const RESET_PASSWORD_USAGE: &str = "reset-password EMAIL";

impl<E: Env> AuthService<E> {
    /// Runs a command, and returns what the operator must know, which may be a secret.
    ///
    /// # Errors
    /// A text for the operator: what is wrong, what the command changed all the same, and what to
    /// do.
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

    /// Gives a user a random password. All sessions and device tokens of the user end, and the
    /// wrong passwords are forgotten, so that the operator need not wait.
    fn reset_password(&self, email: &str) -> Result<String, String> {
        let email_key = email::key(email);
        let user = User::by_email(&email_key, &self.store)
            .map_err(|error| for_operator(error.into()))?
            .ok_or_else(|| {
                format!(
                    "there is no user with the email address `{email}`; look for a misspelt letter"
                )
            })?;
        let password = self.random_password();
        self.give_password(&user, &email_key, &password)
            .map_err(for_operator)?;
        let mut lines = vec![
            format!(
                "The password of {} is now {password} (shown only now; change it soon).",
                user.email
            ),
            "All sessions of this user have ended.".to_owned(),
        ];
        if user.disabled {
            lines.push(format!(
                "The user is still disabled and cannot log in: an administrator enables them, by \
                PATCH /api/auth/users/{} with {{\"disabled\":false}}.",
                user.id
            ));
        }
        Ok(lines.join("\n"))
    }

    fn give_password(&self, user: &User, email_key: &str, password: &str) -> Result<(), AuthError> {
        let password_hash = self.hash_password(password, true)?;
        self.replace_password(user, &password_hash, None, |transaction| {
            Account::of(email_key).forget(transaction)?;
            self.record(&Actor::OPERATOR, PASSWORD_RESET, user.id)
                .append(transaction)
        })?;
        self.put_in_force(user.id)
    }
}

/// An error as a text for the operator.
fn for_operator(error: AuthError) -> String {
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
