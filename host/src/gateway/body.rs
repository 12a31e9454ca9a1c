//! The bodies of requests.
//!
//! A request's body is read whole, within its limit, before an instance is taken: a slow client
//! holds a connection, never an instance. What is small is read whatever others send; for what is
//! large there is a bounded memory, of which each client has a part.

use super::problem::GatewayError;
use super::shares::Shares;
use crate::arriving_body::ArrivingBody;
use crate::client::Client;
use crate::registry::ServiceSpec;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body::Body as _;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use wasmtime_wasi_http::WasiBody;

/// In each such time so many bytes of a body must arrive, or its end: 1 KiB a second.
const PACE_TIME: Duration = Duration::from_secs(10);
const PACE_BYTES: usize = 10 << 10;

/// A body of at most so many bytes is small.
const SMALL_BYTES_MAX: usize = 64 << 10;
/// How much all large bodies may take at once, in KiB (256 MiB), and those to one service (64 MiB).
const TOTAL_KIB_MAX: usize = 256 << 10;
const SERVICE_KIB_MAX: usize = 64 << 10;
/// How much all large bodies of one client may take at once, in KiB (8 MiB), and how much all small
/// ones (4 MiB).
const CLIENT_KIB_MAX: usize = 8 << 10;
const CLIENT_SMALL_KIB_MAX: usize = 4 << 10;
/// How many bodies of one client may be on their way at once: each holds a request's head, however
/// little of it has come.
const CLIENT_BODIES_MAX: usize = 1_024;

const TOO_MANY: GatewayError =
    GatewayError::Unavailable("too many requests arrive at once; try again");

/// The memory that all request bodies share.
pub(super) struct BodyMemory {
    arriving: Shares,
    small: Shares,
    large: Shares,
    all: Arc<Semaphore>,
    by_service: RwLock<HashMap<String, Arc<Semaphore>>>,
}

/// The memory of one request's body. It grows with what has arrived: what a client only announces
/// takes none away from others.
pub(super) struct BodyShare<'a> {
    memory: &'a BodyMemory,
    service: &'a str,
    /// Its address, and its user.
    clients: &'a [Client],
    /// What it stands in: a small body in the small parts of its clients, and a large one in their
    /// other parts, its service's memory, and all of it.
    stands_in: Vec<Arc<Semaphore>>,
    kib: u64,
    is_large: bool,
    held: Vec<OwnedSemaphorePermit>,
}

impl BodyMemory {
    pub(super) fn new() -> Self {
        Self {
            arriving: Shares::new(CLIENT_BODIES_MAX),
            small: Shares::new(CLIENT_SMALL_KIB_MAX),
            large: Shares::new(CLIENT_KIB_MAX),
            all: Arc::new(Semaphore::new(TOTAL_KIB_MAX)),
            by_service: RwLock::default(),
        }
    }

    /// Leave to receive one more body of these clients.
    fn begin(&self, clients: &[Client]) -> Result<Vec<OwnedSemaphorePermit>, GatewayError> {
        let parts = self.arriving.of_all(clients).into_iter();
        let begun: Result<_, _> = parts.map(Semaphore::try_acquire_owned).collect();
        begun.map_err(|_| TOO_MANY)
    }

    /// No room yet for a body of these clients to a service.
    fn share<'a>(&'a self, service: &'a str, clients: &'a [Client]) -> BodyShare<'a> {
        BodyShare {
            memory: self,
            service,
            clients,
            stands_in: self.small.of_all(clients),
            kib: 0,
            is_large: false,
            held: Vec::new(),
        }
    }

    fn of_service(&self, service: &str) -> Arc<Semaphore> {
        let known = self
            .by_service
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(memory) = known.get(service) {
            return Arc::clone(memory);
        }
        drop(known);
        let mut known = self
            .by_service
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let memory = known
            .entry(service.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(SERVICE_KIB_MAX)));
        Arc::clone(memory)
    }
}

impl BodyShare<'_> {
    /// Makes room for so many bytes in all.
    fn grow_to(&mut self, bytes: u64) -> Result<(), GatewayError> {
        if bytes > SMALL_BYTES_MAX as u64 && !self.is_large {
            let memory = self.memory;
            self.is_large = true;
            self.held.clear();
            self.kib = 0;
            self.stands_in = memory.large.of_all(self.clients);
            self.stands_in
                .extend([memory.of_service(self.service), Arc::clone(&memory.all)]);
        }
        let kib = bytes.div_ceil(1024);
        let more = u32::try_from(kib.saturating_sub(self.kib)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        for memory in &self.stands_in {
            let room = Arc::clone(memory).try_acquire_many_owned(more);
            self.held.push(room.map_err(|_| TOO_MANY)?);
        }
        self.kib = kib;
        Ok(())
    }
}

fn announced_length(parts: &Parts) -> Option<u64> {
    parts
        .headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Reads the body of a request to a service; its share of the memory, if it has a body, is to be
/// held as long as that.
pub(super) async fn read<'a>(
    parts: &Parts,
    body: &mut ArrivingBody,
    memory: &'a BodyMemory,
    service: &'a ServiceSpec,
    clients: &'a [Client],
) -> Result<(WasiBody, Option<BodyShare<'a>>), GatewayError> {
    if body.is_end_stream() {
        let empty = Empty::new().map_err(|never| match never {}).boxed_unsync();
        return Ok((empty, None));
    }
    let bytes_max = service.limits.request_body;
    let announced = announced_length(parts);
    if announced.is_some_and(|announced| announced > bytes_max) {
        return Err(GatewayError::PayloadTooLarge(bytes_max));
    }
    let _arriving = memory.begin(clients)?;
    let mut share = memory.share(&service.name, clients);
    let bytes = read_to_the_end(body.rest(), announced, bytes_max, &mut share).await?;
    let whole = Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync();
    Ok((whole, Some(share)))
}

async fn read_to_the_end(
    body: &mut Incoming,
    announced: Option<u64>,
    bytes_max: u64,
    share: &mut BodyShare<'_>,
) -> Result<Bytes, GatewayError> {
    let mut whole = BytesMut::new();
    let mut pace_until = Instant::now() + PACE_TIME;
    let mut pace_bytes = 0;
    loop {
        let frame = tokio::time::timeout_at(pace_until, body.frame()).await;
        let Some(frame) = frame.map_err(|_| GatewayError::BodyTooSlow)? else {
            break;
        };
        // Trailers are of no use to a component that is handed a whole body.
        let Ok(data) = frame.map_err(|_| GatewayError::BrokenBody)?.into_data() else {
            continue;
        };
        pace_bytes += data.len();
        if pace_bytes >= PACE_BYTES {
            pace_until = Instant::now() + PACE_TIME;
            pace_bytes = 0;
        }
        let bytes = u64::try_from(whole.len() + data.len()).unwrap_or(u64::MAX);
        if bytes > bytes_max {
            return Err(GatewayError::PayloadTooLarge(bytes_max));
        }
        share.grow_to(bytes)?;
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        if whole.len() <= SMALL_BYTES_MAX && whole.len() + data.len() > SMALL_BYTES_MAX {
            // Room that grows by doubling would be copied again and again, and be half empty. What
            // is not filled takes no memory.
            let length = announced.and_then(|bytes| usize::try_from(bytes).ok());
            whole.reserve(length.unwrap_or_default().saturating_sub(whole.len()));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
