//! The first administrator.

use crate::audit_log::CREATED;
use crate::env::Env;
use crate::password;
use crate::service::{AuthError, AuthService};
use crate::user::register::insert;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Store, Transaction};

/// The first administrator's email address.
pub(crate) const EMAIL: &str = "admin@strongroom.local";

/// For the log. It compares no passwords: a start would take a hash for it.
const NO_EFFECT: &str = "config key `admin_password` is set and has no effect: there is an \
    administrator already. `strongroom admin reset-password EMAIL` sets a new password";

const ANY_ADMIN: &str = "SELECT 1 FROM user WHERE role = 'admin' LIMIT 1";

impl<E: Env> AuthService<E> {
    /// Makes the first administrator where there is none, with the configured password or a random
    /// one, and returns what the operator must be told. A configured password that has no effect is
    /// logged. For `start`.
    ///
    /// # Errors
    /// In words for the operator, such as that the configured password may not be chosen.
    pub fn bootstrap(&self, configured: Option<&str>) -> Result<Vec<String>, String> {
        let exists = self
            .store
            .query(ANY_ADMIN, &[])
            .map_err(|error| error.to_string())?;
        if exists.first().is_some() {
            if configured.is_some() {
                eprintln!("{NO_EFFECT}");
            }
            return Ok(Vec::new());
        }
        let (password, told) = match configured {
            Some(password) => {
                password::check(password, EMAIL, None).map_err(|error| {
                    format!("config key `admin_password`: the password {error}")
                })?;
                (
                    password.to_owned(),
                    format!("The first administrator is {EMAIL}, with the configured password."),
                )
            }
            None => {
                let password = self.random_password();
                let told = format!(
                    "The first administrator is {EMAIL}, with the password {password} (shown only now; change it soon)."
                );
                (password, told)
            }
        };
        self.insert_admin(&password)
            .map_err(|error| format!("the first administrator: {error}"))?;
        Ok(vec![told])
    }

    fn insert_admin(&self, password: &str) -> Result<(), AuthError> {
        let (user, email) = self.new_user(EMAIL, password, None, Role::Admin)?;
        let transaction = self.store.begin()?;
        insert(&user, &email, &transaction)?;
        let role = Some(user.role.to_string());
        self.record(&Actor::BANK, CREATED, user.id, None, role, &transaction)?;
        transaction.commit()?;
        Ok(())
    }
}
