//! One loaded version of a service.

use super::callees::Callees;
use super::service::ServeError;
use crate::client::Client;
use crate::fair_line::Place;
use crate::links::{CallError, FunctionName};
use crate::registry::{Digest, ServiceSpec};
use crate::runtime::instance::exports::Exports;
use crate::runtime::instance::failure::is_interrupted;
use crate::runtime::instance::figures::ServiceFigures;
use crate::runtime::instance::live::DrainWatch;
use crate::runtime::instance::pool::InstancePool;
use crate::runtime::instance::response::GuestBody;
use crate::runtime::instance::stats::{Snapshot, Stats};
use crate::runtime::limits::in_flight::InFlight;
use crate::runtime::limits::slots::Slots;
use serde_json::Value;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use wasmtime::PoolConcurrencyLimitError;
use wasmtime::component::{Component, Val};
use wasmtime_wasi_http::WasiBody;

/// The statuses that end a request. A proxy before the host may take 101 for a tunnel.
const FINAL_STATUSES: RangeInclusive<u16> = 200..=599;

/// One loaded version of a service: its code, its instances, its bounds.
pub struct Generation {
    /// What the registry says of it.
    pub spec: ServiceSpec,
    pub component: Component,
    /// The SHA-256 of its component.
    pub digest: Digest,
    /// `0.2` or `0.3`.
    pub wasi: &'static str,
    pub exports: Exports,
    pub openapi: OnceLock<Value>,
    /// Held by the one call that collects the service's figures.
    pub collecting: tokio::sync::Mutex<()>,
    /// Set when the log has said that figures are left out.
    pub metrics_problem: OnceLock<()>,
    pub pool: Arc<InstancePool>,
    pub slots: Slots,
    /// Its instances that live.
    pub live: TaskTracker,
    pub callees: Arc<Callees>,
    pub stats: Arc<Stats>,
    pub figures: Arc<ServiceFigures>,
    pub drained: CancellationToken,
    /// Cancels its token when the last holder of the generation is gone.
    pub holders: DropGuard,
    pub number: AtomicU64,
}

impl Generation {
    /// How many of its service's generations it is, from 1; 0 before it serves.
    pub fn number(&self) -> u64 {
        self.number.load(Relaxed)
    }

    /// How many instances it has now.
    pub fn instances_live(&self) -> usize {
        self.live.len()
    }

    /// How well it does.
    pub fn snapshot(&self) -> Snapshot {
        self.stats.snapshot()
    }

    /// Numbers it among its service's generations.
    pub fn set_number(&self, number: u64) {
        self.number.store(number, Relaxed);
    }

    /// Makes as many instances as `replaced` has now, and at least one. This shows before it serves
    /// whether the component runs, and spares its first requests the making of new places.
    ///
    /// # Errors
    /// The component cannot be instantiated within its limits.
    pub async fn warm(&self, replaced: Option<&Self>) -> Result<(), String> {
        let wanted = replaced.map_or(0, Self::instances_live);
        let count = wanted.clamp(1, self.spec.limits.instances);
        self.pool.warm(count).await
    }

    /// Serves one request of a client, which is made when it has a slot: it may have waited.
    ///
    /// # Errors
    /// Those of `request`, or why there is no response of the component's own.
    pub async fn serve<E: From<ServeError>>(
        &self,
        client: Client,
        request: impl FnOnce() -> Result<http::Request<WasiBody>, E>,
    ) -> Result<http::Response<GuestBody>, E> {
        let begun = Instant::now();
        let response = match self.slots.for_request(client).await {
            Ok(slot) => self.respond(client, slot, request()?).await,
            Err(_) => Err(ServeError::Overloaded),
        };
        let has_failed = match &response {
            Ok(response) => response.status().is_server_error(),
            Err(_) => true,
        };
        self.stats.count(begun.elapsed(), has_failed);
        Ok(response?)
    }

    async fn respond(
        &self,
        client: Client,
        slot: Place,
        request: http::Request<WasiBody>,
    ) -> Result<http::Response<GuestBody>, ServeError> {
        let in_flight = Arc::new(InFlight::new(client, slot, self.slots.slow_responses()));
        match self.pool.handle(request, &in_flight).await {
            Ok(response) if !FINAL_STATUSES.contains(&response.status().as_u16()) => {
                let status = response.status().as_u16();
                Err(ServeError::Failed(format!(
                    "the component returned the status {status}"
                )))
            }
            Ok(response) => Ok(response.map(|body| {
                in_flight.begin_response();
                let (stats, log) = (Arc::clone(&self.stats), self.pool.log().clone());
                GuestBody::new(body, self.spec.limits.response_body, in_flight, stats, log)
            })),
            Err(_) if in_flight.is_time_up() => Err(ServeError::TimedOut),
            Err(error) => Err(serve_error(&error)),
        }
    }

    /// Serves one link call.
    pub async fn call(
        &self,
        function: &FunctionName,
        parameters: &[Val],
    ) -> Result<Val, CallError> {
        let begun = Instant::now();
        let answer = async {
            let function = self.exports.get(function).ok_or(CallError::Failed)?;
            let slot = self.slots.for_call().await;
            let _slot = slot.map_err(|_| CallError::Overloaded)?;
            self.pool.call_values(function, parameters).await
        };
        let answer = answer.await;
        self.stats.count(begun.elapsed(), answer.is_err());
        self.figures.count_call(answer.is_err());
        answer
    }

    /// Ends the idle instances now, and the others when they have done what they do.
    pub fn drain(&self) {
        self.drained.cancel();
        self.pool.release_all();
    }

    /// To wait for its end without holding it.
    pub fn drain_watch(&self) -> DrainWatch {
        DrainWatch {
            holders_gone: self.holders.token().clone(),
            live: self.live.clone(),
        }
    }
}

fn serve_error(error: &wasmtime::Error) -> ServeError {
    if error.is::<PoolConcurrencyLimitError>() {
        return ServeError::Overloaded;
    }
    match is_interrupted(error) {
        true => ServeError::TimedOut,
        false => ServeError::Failed(format!("{error:#}")),
    }
}
