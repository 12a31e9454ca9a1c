//! The memory for the bodies of requests that arrive.
//!
//! A client's first small body is read whatever others send. For further ones, and for large ones,
//! there are bounded memories, of which each service and each client has a share.

use super::problem::GatewayError;
use crate::client::Client;
use crate::client_shares::{ClientShares, Shares};
use crate::registry::ServiceSpec;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest small body, in bytes.
pub(super) const SMALL_BYTES_MAX: usize = 64 << 10;
/// How much all large bodies may take at once, in KiB (256 MiB), and those to one service (32 MiB).
const TOTAL_KIB_MAX: usize = 256 << 10;
const SERVICE_KIB_MAX: usize = 32 << 10;
/// How much all large bodies of one client may take at once, in KiB (8 MiB), and how much all small
/// ones (4 MiB).
const CLIENT_KIB_MAX: usize = 8 << 10;
const CLIENT_SMALL_KIB_MAX: usize = 4 << 10;
/// How much of its small bodies each client may have in any case, in KiB, and how much those beyond
/// it may take of all clients (128 MiB).
const CLIENT_SMALL_KIB_MIN: usize = SMALL_BYTES_MAX >> 10;
const TOTAL_SMALL_KIB_MAX: usize = 128 << 10;
/// How many bodies of one client may arrive at once: each holds a request's head, however little of
/// it has come.
const CLIENT_BODIES_MAX: usize = 1_024;

const TOO_MANY: GatewayError =
    GatewayError::Unavailable("too many requests arrive at once; try again");

/// The memory that all request bodies share.
pub(super) struct BodyMemory {
    arriving: ClientShares,
    small: ClientShares,
    all_small: Arc<Semaphore>,
    large: ClientShares,
    all: Arc<Semaphore>,
    by_service: Shares<String>,
}

/// The memory of one request's body. It grows with what has arrived: a length that a client only
/// announces takes nothing away from others.
pub(super) struct BodyShare<'a> {
    memory: &'a BodyMemory,
    pub(super) service: &'a ServiceSpec,
    /// The address of the request, and its user.
    clients: &'a [Client],
    /// What it takes from: a small body from its clients' shares for small ones; a large one from
    /// their shares for large ones, from its service's, and from the whole.
    budgets: Vec<Arc<Semaphore>>,
    kib: u64,
    is_large: bool,
    held: Vec<OwnedSemaphorePermit>,
}

impl BodyMemory {
    pub(super) fn new() -> Self {
        Self {
            arriving: ClientShares::new(CLIENT_BODIES_MAX),
            small: ClientShares::new(CLIENT_SMALL_KIB_MAX),
            all_small: Arc::new(Semaphore::new(TOTAL_SMALL_KIB_MAX)),
            large: ClientShares::new(CLIENT_KIB_MAX),
            all: Arc::new(Semaphore::new(TOTAL_KIB_MAX)),
            by_service: Shares::new(SERVICE_KIB_MAX),
        }
    }

    /// An empty share for a body that these clients send to a service.
    pub(super) fn share<'a>(
        &'a self,
        service: &'a ServiceSpec,
        clients: &'a [Client],
    ) -> BodyShare<'a> {
        BodyShare {
            memory: self,
            service,
            clients,
            budgets: Vec::new(),
            kib: 0,
            is_large: false,
            held: Vec::new(),
        }
    }
}

impl BodyShare<'_> {
    /// Permits that let the body arrive, for as long as they are held.
    ///
    /// # Errors
    /// Too many bodies of its clients arrive.
    pub(super) fn begin(&self) -> Result<Vec<OwnedSemaphorePermit>, GatewayError> {
        let shares = self.memory.arriving.of_all(self.clients).into_iter();
        let begun: Result<_, _> = shares.map(Semaphore::try_acquire_owned).collect();
        begun.map_err(|_| TOO_MANY)
    }

    /// Makes room for this many bytes in all.
    ///
    /// # Errors
    /// Others hold too much.
    pub(super) fn grow_to(&mut self, bytes: u64) -> Result<(), GatewayError> {
        let memory = self.memory;
        if bytes > SMALL_BYTES_MAX as u64 && !self.is_large {
            self.is_large = true;
            self.held.clear();
            self.kib = 0;
            self.budgets = memory.large.of_all(self.clients);
            let of_service = memory.by_service.of(self.service.name.clone());
            self.budgets.extend([of_service, Arc::clone(&memory.all)]);
        } else if self.budgets.is_empty() {
            self.budgets = memory.small.of_all(self.clients);
        }
        let kib = bytes.div_ceil(1024);
        let more = u32::try_from(kib.saturating_sub(self.kib)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        for budget in &self.budgets {
            self.held.push(room_of(budget, more)?);
        }
        let mut shares = self.budgets.iter();
        if !self.is_large && shares.any(|share| is_beyond_its_minimum(share)) {
            self.held.push(room_of(&memory.all_small, more)?);
        }
        self.kib = kib;
        Ok(())
    }
}

fn room_of(budget: &Arc<Semaphore>, kib: u32) -> Result<OwnedSemaphorePermit, GatewayError> {
    let room = Arc::clone(budget).try_acquire_many_owned(kib);
    room.map_err(|_| TOO_MANY)
}

/// Whether a client has more of its share for small bodies than it may have in any case.
fn is_beyond_its_minimum(share: &Semaphore) -> bool {
    CLIENT_SMALL_KIB_MAX - share.available_permits() > CLIENT_SMALL_KIB_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn client(number: u32) -> Client {
        let address = u128::from(number) << 64;
        Client::of_address(IpAddr::from(address.to_be_bytes()))
    }

    #[test]
    fn all_small_bodies_have_a_bound_and_each_client_has_its_first() {
        let service = &ServiceSpec::of_table("component = \"one.wasm\"");
        let memory = BodyMemory::new();
        let clients: Vec<_> = (1..100).map(|number| [client(number)]).collect();
        let whole = SMALL_BYTES_MAX as u64;
        let mut held = Vec::new();
        for client in &clients {
            for _ in 0..CLIENT_SMALL_KIB_MAX / CLIENT_SMALL_KIB_MIN {
                let mut share = memory.share(service, client);
                if share.grow_to(whole).is_ok() {
                    held.push(share);
                }
            }
        }
        let kib = held.len() * CLIENT_SMALL_KIB_MIN;
        let bound = TOTAL_SMALL_KIB_MAX + clients.len() * CLIENT_SMALL_KIB_MIN;
        assert!((TOTAL_SMALL_KIB_MAX..=bound).contains(&kib), "{kib} KiB");
        // One who has nothing yet gets its first, and no more.
        let new = [client(1_000)];
        let [mut first, mut second] = [(); 2].map(|()| memory.share(service, &new));
        assert!(first.grow_to(whole).is_ok());
        assert!(second.grow_to(whole).is_err());
        held.clear();
        assert!(memory.share(service, &new).grow_to(whole).is_ok());
    }
}
