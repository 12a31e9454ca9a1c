//! What other parts of the bank must learn of a change, kept until they know it.
//!
//! A row is committed with the change, and leaves when the other part has taken it. A crash in
//! between leaves the row, and the next start or tick delivers it again, which is harmless. The
//! client gets a success only when the row has left: until then, what the change ends may still
//! work.
//!
//! - `ended_sessions`: the sessions that the token service must end;
//! - `gateway`: the API keys and the customers that the gateway must refuse.

mod ended_sessions;
mod gateway;

pub(crate) use ended_sessions::EndedSessions;
pub(crate) use gateway::tell_gateway_of;

use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use uuid::Uuid;

/// One tick delivers at most so many rows of each kind: each costs an fsync.
const DELIVERIES_PER_TICK: i64 = 100;

impl<E: Env> AuthService<E> {
    /// Delivers what is in the outboxes, and returns how many rows it delivered. For `start` and
    /// `tick`.
    ///
    /// # Errors
    /// The first failure of each kind stops that kind, and the first of all is returned. The next
    /// call tries the rest again.
    pub fn deliver_pending(&self) -> Result<usize, AuthError> {
        let sessions = self.deliver_ended_sessions();
        let gateway = self.deliver_to_gateway();
        Ok(sessions? + gateway?)
    }

    /// Delivers what the outboxes have of a user or an API key, also of earlier changes. So a
    /// client that retries a change gets a success only when what it ends has stopped working.
    ///
    /// # Errors
    /// [`AuthError::NotInForce`]: the change is stored, and the next tick tries again.
    pub(crate) fn put_in_force(&self, subject: Uuid) -> Result<(), AuthError> {
        let sessions = self.deliver_ended_sessions_of(subject);
        let gateway = self.deliver_to_gateway_about(subject);
        sessions.and(gateway).map(drop).map_err(|error| {
            eprintln!("the change of {subject} is in force at the next tick: {error}");
            AuthError::NotInForce
        })
    }
}
