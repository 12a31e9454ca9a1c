//! The first administrator.

use super::NewUser;
use crate::env::Env;
use crate::password;
use crate::service::AuthService;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::idempotency::KeyedRequest;
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::Reader;

/// The first administrator's email address.
pub(crate) const EMAIL: &str = "admin@strongroom.local";

/// For the log. The start does not compare the passwords, because that costs a hash.
const NO_EFFECT: &str = "config key `admin_password` is set and has no effect: there is an \
    administrator already. `strongroom admin reset-password EMAIL` sets a new password";

const ANY_ADMIN: &str = "SELECT 1 FROM user WHERE role <> 'customer' AND role = 'admin' LIMIT 1";

/// Checks a configured password of the first administrator.
///
/// # Errors
/// A text for the operator: what the rules for passwords refuse.
pub fn check_admin_password(password: &str) -> Result<(), String> {
    password::check(password, EMAIL, None)
        .map_err(|error| format!("config key `admin_password`: the password {error}"))
}

impl<E: Env> AuthService<E> {
    /// Makes the first administrator if there is none, with the configured password or a random
    /// one. Returns what the operator alone may know: a random password. Logs whether a configured
    /// one has an effect. For `start`.
    ///
    /// # Errors
    /// A text for the operator, such as that the rules refuse the configured password.
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
        if let Some(password) = configured {
            check_admin_password(password)?;
            self.insert_admin(password)?;
            eprintln!("the first administrator is {EMAIL}, with the configured password");
            return Ok(Vec::new());
        }
        let password = self.random_password();
        self.insert_admin(&password)?;
        Ok(vec![format!(
            "The first administrator is {EMAIL}, with the password {password} (shown only now; \
            change it soon)."
        )])
    }

    fn insert_admin(&self, password: &str) -> Result<(), String> {
        let admin = NewUser {
            email: EMAIL.to_owned(),
            password: password.to_owned(),
            role: Role::Admin,
            name: None,
            metadata: None,
        };
        self.create_user(&Actor::BANK, &KeyedRequest::UNKEYED, &admin)
            .map(drop)
            .map_err(|problem| format!("the first administrator: {}", problem.detail()))
    }
}
