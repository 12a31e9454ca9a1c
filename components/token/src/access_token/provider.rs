//! The host as the cryptography of `jsonwebtoken`.
//!
//! The crate is built without a backend, so no code can use another key by mistake. It only signs:
//! the gateway verifies.

use crate::env::Keys;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey, errors};
use signature::{Error, Signer};
use std::marker::PhantomData;

/// Makes `K` the signer of `jsonwebtoken`. Only the first call of a process has an effect.
pub(super) fn install<K: Keys>() {
    let provider: &'static CryptoProvider = &const {
        CryptoProvider {
            signer_factory: signer::<K>,
            verifier_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
            key_utils: KeyUtils::new_unimplemented(),
        }
    };
    // An error says that this provider is already installed.
    let _ = provider.install_default();
}

fn signer<K: Keys>(algorithm: &Algorithm, _: &EncodingKey) -> errors::Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::EdDSA => Ok(Box::new(HostSigner::<K>(PhantomData))),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

struct HostSigner<K>(PhantomData<K>);

impl<K: Keys> Signer<Vec<u8>> for HostSigner<K> {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signing_input = str::from_utf8(message).map_err(Error::from_source)?;
        K::sign(signing_input).map_err(|error| Error::from_source(error.to_string()))
    }
}

impl<K: Keys> JwtSigner for HostSigner<K> {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
