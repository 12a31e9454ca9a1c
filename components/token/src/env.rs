//! What the service needs from outside itself: handed in, so that a test can choose it.

use strongroom_sdk::clock::Clock;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// One choice of everything outside; the component has one, the tests another.
pub trait Env: 'static {
    /// Where sessions are kept.
    type Store: Store;
    /// Tells the time.
    type Clock: Clock;
    /// Makes secrets and ids.
    type Random: Random;
    /// The host's keys.
    type Keys: Keys;
    /// The host's revocation list.
    type Revocations: Revocations;
}

/// What the host demands of an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The key that signs now.
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

/// The host would not, or could not, sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the host did not sign: {0}")]
pub struct SignError(pub String);

/// The host could not make a revocation durable. It must be repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the host did not revoke: {0}")]
pub struct RevocationError(pub String);

/// The host's signing keys (`strongroom:keys/signer`). No key ever comes here. The functions stand alone because `jsonwebtoken`
/// reaches its signer through a plain function.
pub trait Keys: 'static {
    /// The policy in force.
    fn policy() -> Policy;
    /// Signs `base64url(header).base64url(claims)`.
    fn sign(signing_input: &str) -> Result<Vec<u8>, SignError>;
    /// The claims, as JSON, of an access token that the gateway would accept now.
    fn verify(token: &str) -> Option<String>;
}

/// The host's revocation list (`strongroom:keys/revocations`). Both calls return when the revocation is durable and in force, and
/// may be repeated.
pub trait Revocations {
    /// Ends one session.
    fn revoke_session(&self, session: Uuid) -> Result<(), RevocationError>;
    /// Ends the tokens of a subject with an older security version, but for those of the session `except`.
    fn revoke_subject(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<(), RevocationError>;
}
