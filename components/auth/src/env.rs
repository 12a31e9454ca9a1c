//! What the service is given, so that a test can choose it.

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
}

/// A permit to keep a core busy.
pub(crate) type PermitOf<E> = <<E as Env>::Compute as Compute>::Permit;

/// The host's limit on work that keeps a core busy (`strongroom:service/compute`).
pub trait Compute {
    /// The caller holds it during the work.
    type Permit;
    /// Waits for a permit; none when the queue is full.
    fn acquire(&self) -> Option<Self::Permit>;
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
