//! What the service is given, so that a test can choose it.

use crate::error::TokenError;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// One choice of everything that the service is given. The component has one, the tests another.
pub trait Env: 'static {
    /// Keeps the sessions.
    type Store: Store;
    /// Gives the time.
    type Clock: Clock;
    /// Makes secrets and ids.
    type Random: Random;
    /// Signs access tokens.
    type Keys: Keys;
    /// Is the host's revocation list.
    type Revocations: Revocations;
}

/// What the host demands of an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The id of the key that signs now.
    pub kid: String,
    /// The JOSE `alg`.
    pub algorithm: String,
    /// The `iss` of each token.
    pub issuer: String,
    /// The `aud` of each token.
    pub audience: String,
    /// The longest `exp - iat`, in seconds.
    pub lifetime_seconds_max: u32,
}

/// The host's signing keys (`strongroom:keys/signer`), which never enter the component.
///
/// The functions have no receiver, because `jsonwebtoken` calls its signer by a plain function.
pub trait Keys: 'static {
    /// The policy in force.
    fn policy() -> Policy;
    /// Signs `base64url(header).base64url(claims)`.
    fn sign(signing_input: &str) -> Result<Vec<u8>, TokenError>;
    /// The claims, as JSON, of an access token that the gateway would accept now.
    fn verify(token: &str) -> Option<String>;
}

/// The host's revocation list (`strongroom:keys/revocations`).
///
/// Both calls return when the revocation is durable and in force, and both may be repeated.
pub trait Revocations {
    /// Revokes the tokens of one session.
    fn revoke_session(&self, session: Uuid) -> Result<(), TokenError>;
    /// Revokes the tokens of a subject with an older security version, except those of the session
    /// `except`.
    fn revoke_subject(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<(), TokenError>;
}
