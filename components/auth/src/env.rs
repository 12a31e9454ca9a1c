//! What the service needs from outside itself: handed in, so that a test can choose it.

use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::Role;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// One choice of everything outside; the component has one, the tests another.
pub trait Env: 'static {
    /// Where users are kept.
    type Store: Store;
    /// Tells the time.
    type Clock: Clock;
    /// Makes salts and ids.
    type Random: Random;
    /// Leave to burn a core.
    type Compute: Compute;
    /// The token service.
    type Issuer: Issuer;
}

/// Leave to burn a core.
pub(crate) type PermitOf<E> = <<E as Env>::Compute as Compute>::Permit;

/// The host's limit on work that burns a core (`strongroom:service/compute`).
pub trait Compute {
    /// Held while the work goes on.
    type Permit;
    /// Waits for a permit; none when the queue is full.
    fn acquire(&self) -> Option<Self::Permit>;
}

/// The tokens of a new session.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// A JWT.
    pub access_token: String,
    /// Seconds until it expires.
    pub expires_in: u32,
    /// Opaque.
    pub refresh_token: String,
}

/// Why the token service did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// The security version is older than one whose sessions were ended.
    #[error("the security version is superseded")]
    Superseded,
    /// The host does not trust the machine's clock.
    #[error("the machine's clock is not trusted")]
    Clock,
    /// It cannot answer now.
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
    ) -> Result<Tokens, IssuerError>;

    /// Ends a session; its tokens stop working before this returns.
    fn end_session(&self, session: Uuid, subject: Uuid) -> Result<(), IssuerError>;

    /// Ends the sessions of a subject with an older security version, but for `except`.
    fn end_user_sessions(
        &self,
        subject: Uuid,
        security_version_min: i64,
        except: Option<Uuid>,
    ) -> Result<(), IssuerError>;
}
