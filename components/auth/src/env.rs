//! What the service is given, so that a test can choose it.

use crate::key::ApiKey;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::Role;
use strongroom_sdk::oauth::TokenResponse;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// One choice of everything that the service is given. The component has one, the tests another.
pub trait Env: 'static {
    /// Keeps the users.
    type Store: Store;
    /// Gives the time.
    type Clock: Clock;
    /// Makes salts and ids.
    type Random: Random;
    /// Limits work that keeps a core busy.
    type Compute: Compute;
    /// Is the token service.
    type Issuer: Issuer;
    /// Is the gateway's list of API keys.
    type Gateway: Gateway;
}

/// A permit to keep a core busy.
pub(crate) type PermitOf<E> = <<E as Env>::Compute as Compute>::Permit;

/// The host's limit on work that keeps a core busy (`strongroom:service/compute`).
pub trait Compute {
    /// The caller holds it during the work.
    type Permit;
    /// Waits for a permit; none when the queue is full. It has places for known devices that
    /// strangers cannot take.
    fn acquire(&self, is_known: bool) -> Option<Self::Permit>;
}

/// Why the token service failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// Sessions of a later security version have been ended.
    #[error("the security version is superseded")]
    Superseded,
    /// The host does not trust the machine's clock.
    #[error("the machine's clock is not trusted")]
    Clock,
    /// The service is not available.
    #[error("the token service is not available: {0}")]
    Unavailable(String),
}

/// The token service (`strongroom:token/issuer`).
pub trait Issuer {
    /// Starts a session.
    fn issue(
        &self,
        subject: Uuid,
        role: Role,
        security_version: i64,
        user_agent: Option<&str>,
    ) -> Result<TokenResponse, IssuerError>;

    /// Ends a session. Its tokens stop working before this returns.
    fn end_session(&self, session: Uuid, subject: Uuid) -> Result<(), IssuerError>;

    /// Ends the sessions of a subject with an older security version, except for `except`.
    fn end_user_sessions(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<(), IssuerError>;
}

/// Why the gateway did not take a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The host refuses the change, which is a fault of the service.
    #[error("the gateway refuses the change: {0}")]
    Invalid(String),
    /// The change may not be in force.
    #[error("the gateway cannot take the change now: {0}")]
    Unavailable(String),
}

/// What the gateway knows of API keys (`strongroom:keys/api-keys`). A change is in force, and on
/// disk, before its call returns, and may be repeated.
pub trait Gateway {
    /// Accepts a key with this SHA-256, unless it was revoked.
    fn accept_key(&self, key: &ApiKey, hash: [u8; 32]) -> Result<(), GatewayError>;

    /// Refuses a key for ever.
    fn revoke_key(&self, key: Uuid) -> Result<(), GatewayError>;

    /// The keys that are refused until they are confirmed, as the data was restored.
    fn suspended(&self) -> Vec<Uuid>;

    /// Accepts a suspended key again.
    fn confirm_key(&self, key: Uuid) -> Result<(), GatewayError>;

    /// The scopes that calls of the registry's services need.
    fn known_scopes(&self) -> Vec<String>;

    /// When each key was last accepted, in milliseconds since 1970 UTC.
    fn last_used(&self) -> Vec<(Uuid, i64)>;

    /// Refuses requests on behalf of a customer.
    fn block_customer(&self, customer: Uuid) -> Result<(), GatewayError>;

    /// Ends [`Gateway::block_customer`].
    fn unblock_customer(&self, customer: Uuid) -> Result<(), GatewayError>;
}
