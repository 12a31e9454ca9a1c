//! The service hashes and verifies passwords, on a core that it has a permit for.
//!
//! A call takes its permit first and writes only afterwards. It never hashes while a transaction is
//! open: a hash takes 20 ms, and the store has one writer.

use crate::env::{Compute, Env, PermitOf};
use crate::error::AuthError;
use crate::password::hash;
use crate::service::AuthService;
use strongroom_sdk::random::Random;

/// Crockford's base32 in lower case, without letters that look like others.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Five groups of five characters of five bits: 125 bits.
const GROUPS: usize = 5;
const GROUP_LENGTH: usize = 5;

impl<E: Env> AuthService<E> {
    /// A core for a hash. Strangers do not keep it from one who is known, by a device or a session.
    pub(crate) fn core(&self, is_known: bool) -> Result<PermitOf<E>, AuthError> {
        self.compute.acquire(is_known).ok_or(AuthError::Overloaded)
    }

    /// The PHC string of a new password.
    pub(crate) fn hash_password(
        &self,
        password: &str,
        is_known: bool,
    ) -> Result<String, AuthError> {
        let permit = self.core(is_known)?;
        self.hash_under(&permit, password)
    }

    /// The PHC string of a new password, made under the caller's permit.
    pub(crate) fn hash_under(
        &self,
        _permit: &PermitOf<E>,
        password: &str,
    ) -> Result<String, AuthError> {
        let mut salt = [0; hash::SALT_LENGTH];
        self.random.fill(&mut salt);
        hash::hash(&self.settings.hasher(), password, salt).map_err(hash_error)
    }

    /// Whether a password is that of a PHC string. Without a string, it takes as long and is false.
    pub(crate) fn verify_under(
        &self,
        _permit: &PermitOf<E>,
        password: &str,
        kept: Option<&str>,
    ) -> Result<bool, AuthError> {
        let no_user = hash::of_no_user(&self.settings.argon2).map_err(hash_error)?;
        hash::verify(password, kept.unwrap_or(&no_user)).map_err(hash_error)
    }

    /// Whether a PHC string has other parameters than those in force.
    pub(crate) fn is_outdated(&self, kept: &str) -> Result<bool, AuthError> {
        hash::is_outdated(kept, &self.settings.argon2).map_err(hash_error)
    }

    /// A password for a person to copy, such as `7k2mq-x9v0c-...`.
    pub(crate) fn random_password(&self) -> String {
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

fn hash_error(error: argon2::password_hash::Error) -> AuthError {
    AuthError::Hash(error.to_string())
}
