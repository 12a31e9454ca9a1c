//! HTTP requests: the instances that serve them, by wasmtime's `ProxyHandler`, which pools, queues, and expires them.
//!
//! What is added here: one request at a time in an instance, so that a failure hurts one request; a wall-time limit
//! that ends the instance from outside (the limit inside its event loop does not fire while a guest spins, wasmtime #11869); and the
//! end of all instances when their generation is drained.

use super::call_times::CallTimes;
use super::context::{Context, Provisions};
use super::fate::{CurrentRequest, RequestFate};
use super::live::{Alive, LiveCount};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task;
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Result, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};

/// How many requests one instance serves at once. Instances of WASI 0.3 could take more, but those would share one fate, one CPU budget, and
/// one deadline (wasmtime knows only the newest).
const CONCURRENT_MAX: usize = 1;

/// After how long an answer that has begun, and has not ended, is slow; and how often that is looked at.
const SLOW_AFTER: Duration = Duration::from_secs(1);

/// What makes instances for requests.
pub(super) struct Workers {
    pub(super) engine: Engine,
    pub(super) pre: ProxyPre<Context>,
    pub(super) provisions: Arc<Provisions>,
    pub(super) live: LiveCount,
    pub(super) drained: CancellationToken,
}

impl HandlerState for Workers {
    type StoreData = Context;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> Result<Instance<Context, Expiration, Worker>> {
        // Counted before it is made: nobody must take the generation for gone meanwhile.
        let alive = self.live.begin();
        let retire = Arc::new(AtomicBool::new(false));
        let mut store = Context::store(&self.engine, &self.provisions, Arc::clone(&retire));
        let proxy = self.pre.instantiate_async(&mut store).await?;
        let limits = &self.provisions.limits;
        let current = CurrentRequest::default();
        Ok(Instance {
            store,
            proxy,
            view: Context::http,
            expiration: Expiration {
                timeout: self.provisions.times.wall,
                idle: limits.idle,
                service: Arc::clone(&self.provisions.service),
                looked_at: Instant::now(),
                alarm: Box::pin(tokio::time::sleep(limits.idle)),
                drained: Box::pin(self.drained.clone().cancelled_owned()),
                current: current.clone(),
            },
            state: Worker {
                service: Arc::clone(&self.provisions.service),
                times: self.provisions.times,
                total_max: limits.reuse,
                retire,
                drained: self.drained.clone(),
                current,
                alive: Mutex::new(Some(alive)),
            },
        })
    }
}

/// One instance that serves requests.
pub(super) struct Worker {
    service: Arc<str>,
    times: CallTimes,
    total_max: usize,
    retire: Arc<AtomicBool>,
    drained: CancellationToken,
    current: CurrentRequest,
    alive: Mutex<Option<Alive>>,
}

impl WorkerState for Worker {
    type StoreData = Context;
    type RequestData = Arc<RequestFate>;

    fn should_accept_request(&self, concurrent_count: usize, total_count: usize) -> ShouldAccept {
        // A drained generation makes a new instance only for a request that waits already: that instance must take it, or nobody will.
        let is_drained = self.drained.is_cancelled() && total_count > 0;
        if self.retire.load(Relaxed) || is_drained || total_count >= self.total_max {
            ShouldAccept::Never
        } else if concurrent_count >= CONCURRENT_MAX {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, Context>,
        fate: Arc<RequestFate>,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        self.current.begin(Arc::clone(&fate));
        store.data_mut().begin_call(&self.times, Some(fate));
        store.set_epoch_deadline(1);
        // `Expiration` ends what takes too long, from where it is sure to be polled.
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<Context>, result: Result<()>) {
        let asked_for_too_much_memory = store.data().memory.was_refused();
        if let Err(error) = result {
            // Before the store goes, and with it the response bodies' other ends.
            self.current.break_off();
            if store.data().log().admits_line() {
                tracing::warn!(
                    service = %self.service,
                    asked_for_too_much_memory,
                    error = error.root_cause().to_string(),
                    "an instance failed and is gone"
                );
            }
        }
        // The slot last: whoever gets it makes the next instance, which must not come on top of this one.
        drop(store);
        let alive = self
            .alive
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(alive);
        self.current.end();
    }
}

/// When an instance must end.
pub(super) struct Expiration {
    timeout: Duration,
    idle: Duration,
    service: Arc<str>,
    /// When it was last looked whether the answer is slow.
    looked_at: Instant,
    alarm: Pin<Box<Sleep>>,
    drained: Pin<Box<WaitForCancellationFutureOwned>>,
    current: CurrentRequest,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> task::Poll<()> {
        // Polled whenever the instance has nothing to do at once, so also right after a request's end.
        if status == WorkerStatus::Idle {
            self.current.end();
        }
        let time = match status {
            WorkerStatus::Idle => self.idle,
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.timeout,
        };
        if status == WorkerStatus::Idle && self.drained.as_mut().poll(cx).is_ready() {
            return task::Poll::Ready(());
        }
        let deadline = start + time;
        loop {
            let now = Instant::now();
            if now >= deadline {
                if status == WorkerStatus::Requests {
                    self.current.end_time();
                }
                return task::Poll::Ready(());
            }
            let mut wake_at = deadline;
            if status == WorkerStatus::Requests {
                if now >= start.max(self.looked_at) + SLOW_AFTER {
                    self.looked_at = now;
                    if !self.current.may_be_slow() {
                        let service = &self.service;
                        tracing::warn!(%service, "too many answers are slow, and one of them breaks off");
                        return task::Poll::Ready(());
                    }
                }
                wake_at = wake_at.min(start.max(self.looked_at) + SLOW_AFTER);
            }
            // Setting an alarm costs more than a request should pay, so one that rings too early is let be, and set anew when it rings.
            let alarm = self.alarm.deadline().into_std();
            if alarm > wake_at || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(wake_at.into());
            }
            if self.alarm.as_mut().poll(cx).is_pending() {
                return task::Poll::Pending;
            }
        }
    }
}
