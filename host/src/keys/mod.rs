//! Signing keys, the tokens they sign, and the revocations of those tokens.
//!
//! The private keys stay in the host: a component can get the signature of a valid access token
//! ([`guest`]), and of nothing else. The gateway verifies tokens here, in process, against the same
//! keys and the revocations in memory.

mod bindings;
mod durable_view;
mod guest;
mod keyring;
mod revocations;
mod signing;
mod token;
mod verification;

pub use guest::{KeysView, add_revocations_to_linker, add_signer_to_linker};
pub use token::{Identity, TokenPolicy};
pub use verification::TokenError;

use crate::durable_file::create_folder;
use crate::private_file::{self, Guard};
use keyring::Keyring;
use revocations::Revocations;
use std::path::Path;
use std::sync::Arc;
use token::Claims;
use verification::Verifier;

/// The keys and revocations of a host.
pub struct Keys {
    policy: TokenPolicy,
    ring: Keyring,
    verifier: Verifier,
    revocations: Revocations,
}

/// Why the keys of a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file that cannot be used.
        file: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file does not hold what it must.
    #[error("{file}: {problem}; restore it from a backup, or remove it ({loss})")]
    Content {
        /// The file that cannot be used.
        file: String,
        /// What is wrong with its content.
        problem: String,
        /// What happens if it is removed.
        loss: &'static str,
    },
}

impl KeysError {
    fn file(file: &Path, source: std::io::Error) -> Self {
        Self::File {
            file: file.display().to_string(),
            source,
        }
    }
}

impl Keys {
    /// Opens the keys and revocations in a folder; makes the first key if there is none.
    ///
    /// # Errors
    /// A file cannot be used, or other users may touch the folder. Revocations that cannot be read
    /// are an error too: without them a revoked token would work again.
    pub fn open(folder: &Path, policy: TokenPolicy) -> Result<Self, KeysError> {
        let checked = create_folder(folder)
            .and_then(|()| private_file::check(folder, &folder.metadata()?, Guard::Writing));
        checked.map_err(|error| KeysError::file(folder, error))?;
        let ring = Keyring::open(folder)?;
        let verifier = Verifier::new(&ring, &policy);
        let revocations = Revocations::open(folder)?;
        Ok(Self {
            policy,
            ring,
            verifier,
            revocations,
        })
    }

    /// Returns the user whom a token names, if it is valid now.
    ///
    /// # Errors
    /// Why it is not.
    pub fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        self.accepted_claims(token).map(Identity)
    }

    fn accepted_claims(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        let claims = self.verifier.verify(token)?;
        if self
            .revocations
            .view()
            .revokes(&claims.sub, claims.sv, &claims.sid)
        {
            return Err(TokenError::Revoked);
        }
        Ok(claims)
    }

    /// The public keys as a JWK Set (RFC 7517) in JSON.
    pub fn public_set(&self) -> &str {
        self.ring.public_set()
    }
}

#[cfg(test)]
mod tests;
