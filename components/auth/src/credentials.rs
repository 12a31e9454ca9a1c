//! Passwords are hashed and verified, never while a transaction is open: a hash takes 20 ms, and the store has one writer.

use crate::outside::{Compute, Outside};
use crate::password::hash;
use crate::service::{AuthError, AuthService};
use strongroom_sdk::random::Random;

impl<O: Outside> AuthService<O> {
    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`AuthError::Overloaded`] where no core is free.
    pub(crate) fn hash_password(&self, password: &str) -> Result<String, AuthError> {
        let mut salt = [0; hash::SALT_LENGTH];
        self.random.fill(&mut salt);
        let _permit = self.compute.acquire().ok_or(AuthError::Overloaded)?;
        hash::hash(&self.settings.hasher(), password, salt).map_err(hash_error)
    }

    /// Whether a password is that of a PHC string; where there is none, takes as long and says no.
    ///
    /// # Errors
    /// [`AuthError::Overloaded`] where no core is free.
    pub(crate) fn verify_password(
        &self,
        password: &str,
        kept: Option<&str>,
    ) -> Result<bool, AuthError> {
        let nobody = hash::of_nobody(&self.settings.argon2).map_err(hash_error)?;
        let _permit = self.compute.acquire().ok_or(AuthError::Overloaded)?;
        hash::verify(password, kept.unwrap_or(&nobody)).map_err(hash_error)
    }

    /// Whether a PHC string was made with other parameters than those in force.
    pub(crate) fn is_outdated(&self, kept: &str) -> Result<bool, AuthError> {
        hash::is_outdated(kept, &self.settings.argon2).map_err(hash_error)
    }
}

fn hash_error(error: argon2::password_hash::Error) -> AuthError {
    AuthError::Hash(error.to_string())
}
