//! The first administrator.

use crate::audit::CREATED;
use crate::outside::Outside;
use crate::password;
use crate::register::insert;
use crate::service::{AuthError, AuthService};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::identity::Role;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, Transaction};

/// The first administrator's email address.
pub(crate) const EMAIL: &str = "admin@strongroom.local";

/// Crockford's base32 in lower case: no letter that looks like another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Five groups of five characters of five bits: 125 bits.
const GROUPS: usize = 5;
const GROUP_LENGTH: usize = 5;

const ANY_ADMIN: &str = "SELECT 1 FROM user WHERE role = 'admin' LIMIT 1";

impl<O: Outside> AuthService<O> {
    /// Makes the first administrator where there is none, with the configured password or a random one, and answers what the operator
    /// must be told. For `start`.
    ///
    /// # Errors
    /// In words for the operator, such as that the configured password may not be chosen.
    pub fn bootstrap(&self, configured: Option<&str>) -> Result<Vec<String>, String> {
        let exists = self
            .store
            .query(ANY_ADMIN, &[])
            .map_err(|error| error.to_string())?;
        if exists.first().is_some() {
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
                let password = self.readable_secret();
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

    /// Such as `7k2mq-x9v0c-...`.
    fn readable_secret(&self) -> String {
        let mut bytes = [0; GROUPS * GROUP_LENGTH];
        self.random.fill(&mut bytes);
        let groups: Vec<String> = bytes
            .chunks(GROUP_LENGTH)
            .map(|group| {
                group
                    .iter()
                    .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
                    .collect()
            })
            .collect();
        groups.join("-")
    }
}
