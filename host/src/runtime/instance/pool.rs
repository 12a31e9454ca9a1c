//! The instances of a generation, for requests, link calls, `start`, `tick`, and audits.
//!
//! One call at a time runs in an instance. The instance is kept for the next call only after a
//! clean return. A trap, a timeout, or a caller that left ends it, so nothing of a failed call
//! survives.

use super::busy;
use super::context::{Context, Provisions};
use super::failure::CallFailure;
use super::figures::ServiceFigures;
use crate::links::CallError;
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::guest_log::GuestLog;
use crate::runtime::limits::in_flight::InFlight;
use crate::store::ServiceStore;
use crate::telemetry::CurrentRequest;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, Val,
};
use wasmtime::{PoolConcurrencyLimitError, Store};
use wasmtime_wasi_http::handler::Proxy;
use wasmtime_wasi_http::{p2, p3};

/// The instances of one generation.
pub struct InstancePool {
    pre: InstancePre<Context>,
    http: HttpExport,
    provisions: Provisions,
    /// The instances that live.
    live: TaskTracker,
    drained: CancellationToken,
    idle: Mutex<Vec<PooledInstance>>,
}

/// How a component exports its HTTP handler.
pub enum HttpExport {
    /// As WASI 0.2 has it.
    P2(p2::bindings::ProxyIndices),
    /// As WASI 0.3 has it.
    P3(p3::bindings::ServiceIndices),
}

impl HttpExport {
    /// Finds the handler that a component exports.
    pub fn find(pre: &InstancePre<Context>) -> Option<Self> {
        if let Ok(indices) = p3::bindings::ServiceIndices::new(pre) {
            return Some(Self::P3(indices));
        }
        p2::bindings::ProxyIndices::new(pre).ok().map(Self::P2)
    }

    /// The version of WASI: `0.2` or `0.3`.
    pub fn wasi(&self) -> &'static str {
        match self {
            Self::P2(_) => "0.2",
            Self::P3(_) => "0.3",
        }
    }
}

/// An instance of the pool.
pub struct PooledInstance {
    pub store: Store<Context>,
    pub proxy: Proxy,
    instance: Instance,
    calls: usize,
    idle_since: Instant,
    retire: Arc<AtomicBool>,
    _alive: TaskTrackerToken,
}

impl InstancePool {
    pub fn new(
        pre: InstancePre<Context>,
        http: HttpExport,
        provisions: Provisions,
        live: TaskTracker,
        drained: CancellationToken,
    ) -> Self {
        Self {
            pre,
            http,
            provisions,
            live,
            drained,
            idle: Mutex::default(),
        }
    }

    /// Calls a function of one result with untyped values.
    pub async fn call_values(
        &self,
        function: ComponentExportIndex,
        parameters: &[Val],
    ) -> Result<Val, CallError> {
        self.call(self.provisions.times, async |pooled| {
            let function = pooled.instance.get_func(&mut pooled.store, function);
            let function =
                function.ok_or_else(|| wasmtime::format_err!("the function is not exported"))?;
            let mut results = [Val::Bool(false)];
            function
                .call_async(&mut pooled.store, parameters, &mut results)
                .await?;
            let [result] = results;
            Ok(result)
        })
        .await
        .map_err(|failure| failure.error)
    }

    /// Calls a function with typed values; it may take as long as `times` says.
    pub async fn call_typed<P, R>(
        &self,
        function: ComponentExportIndex,
        parameters: P,
        times: CallTimes,
    ) -> Result<R, CallFailure>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: Send + Sync + 'static,
        (R,): ComponentNamedList + Lift + Send + Sync + 'static,
    {
        self.call(times, async move |pooled| {
            let function = pooled
                .instance
                .get_typed_func::<P, (R,)>(&mut pooled.store, function)?;
            let (result,) = function.call_async(&mut pooled.store, parameters).await?;
            Ok(result)
        })
        .await
    }

    async fn call<R>(
        &self,
        times: CallTimes,
        act: impl AsyncFnOnce(&mut PooledInstance) -> wasmtime::Result<R>,
    ) -> Result<R, CallFailure> {
        let run = async {
            let taken = self.take().await;
            let mut pooled = taken.map_err(|error| CallFailure::of(&error, &times, false))?;
            pooled.begin_call(&times, None);
            match act(&mut pooled).await {
                Ok(result) => {
                    self.keep(pooled);
                    Ok(result)
                }
                Err(error) => Err(CallFailure::of(&error, &times, pooled.was_refused_memory())),
            }
        };
        let run = busy::timed(self.figures(), run);
        let ended = timeout(times.wall, run).await;
        let outcome = ended.unwrap_or_else(|_| Err(CallFailure::of_time(times.wall)));
        if let Err(failure) = &outcome
            && failure.error != CallError::Overloaded
        {
            self.note_failure(&failure.cause);
        }
        outcome
    }

    /// The times of ordinary calls.
    pub fn times(&self) -> CallTimes {
        self.provisions.times
    }

    /// The name of the service.
    pub fn service(&self) -> Arc<str> {
        Arc::clone(&self.provisions.service)
    }

    /// The store of the service.
    pub fn store(&self) -> Option<&ServiceStore> {
        self.provisions.store.as_ref()
    }

    /// The log of the service's guests.
    pub fn log(&self) -> &GuestLog {
        &self.provisions.log
    }

    /// What the service has done.
    pub fn figures(&self) -> &ServiceFigures {
        &self.provisions.figures
    }

    /// Counts and logs that a call ended its instance.
    pub fn note_failure(&self, cause: &str) {
        self.figures().count_failed_instance();
        if self.provisions.log.admits_line() {
            tracing::warn!(
                service = %self.provisions.service,
                request_id = CurrentRequest::get().id(),
                error = cause,
                "an instance failed and is gone"
            );
        }
    }

    /// Takes an idle instance, or makes one.
    pub async fn take(&self) -> wasmtime::Result<PooledInstance> {
        loop {
            // Not in the loop's head, which would keep the lock while an instance is dropped.
            let idle = self.idle.lock().pop();
            match idle {
                // It may have broken a bound while it lay there.
                Some(pooled) if pooled.retire.load(Relaxed) => {}
                Some(pooled) => return Ok(pooled),
                None => return self.make().await,
            }
        }
    }

    async fn make(&self) -> wasmtime::Result<PooledInstance> {
        let alive = self.live.token();
        let retire = Arc::new(AtomicBool::new(false));
        let engine = self.pre.component().engine();
        let mut store = Context::store(engine, &self.provisions, Arc::clone(&retire));
        let instance = self.pre.instantiate_async(&mut store).await?;
        let proxy = match &self.http {
            HttpExport::P2(indices) => Proxy::P2(indices.load(&mut store, &instance)?),
            HttpExport::P3(indices) => Proxy::P3(indices.load(&mut store, &instance)?),
        };
        Ok(PooledInstance {
            store,
            proxy,
            instance,
            calls: 0,
            idle_since: Instant::now(),
            retire,
            _alive: alive,
        })
    }

    /// Keeps an instance for the next call, unless it must end.
    pub fn keep(&self, mut pooled: PooledInstance) {
        if pooled.store.data_mut().holds_much() {
            return;
        }
        let mut idle = self.idle.lock();
        // Within the lock: a drain that comes later finds the instance there.
        if self.drained.is_cancelled()
            || pooled.retire.load(Relaxed)
            || pooled.calls >= self.provisions.limits.reuse
        {
            return;
        }
        pooled.idle_since = Instant::now();
        idle.push(pooled);
    }

    /// Makes instances and drops them. This shows before it serves whether the component runs at
    /// all. It also leaves places in the engine's pool that are laid out for it, in which the next
    /// instance takes a fraction of the time.
    pub async fn warm(&self, count: usize) -> Result<(), String> {
        let mut instances = Vec::with_capacity(count);
        for _ in 0..count {
            match timeout(self.provisions.times.wall, self.make()).await {
                Ok(Ok(instance)) => instances.push(instance),
                // The pool is full of those that serve: there is nothing to be made ready.
                Ok(Err(error)) if error.is::<PoolConcurrencyLimitError>() => break,
                Ok(Err(error)) => return Err(format!("{error:#}")),
                Err(_) => return Err("it took longer than limits.timeout".to_owned()),
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Drops the instances that were idle for `limits.idle`.
    pub fn release_idle(&self) {
        let idle_max = self.provisions.limits.idle;
        let is_old = |pooled: &mut PooledInstance| pooled.idle_since.elapsed() >= idle_max;
        let old: Vec<_> = self.idle.lock().extract_if(.., is_old).collect();
        // Without the lock: to drop an instance takes a while.
        drop(old);
    }

    /// Lets all idle instances go.
    pub fn release_all(&self) {
        let all = std::mem::take(&mut *self.idle.lock());
        drop(all);
    }
}

impl PooledInstance {
    /// Makes this call its last one.
    pub fn retire(&self) {
        self.retire.store(true, Relaxed);
    }

    /// Whether it has asked for more memory than it may have.
    pub fn was_refused_memory(&self) -> bool {
        self.store.data().memory.was_refused()
    }

    /// Begins a call; of a request, if there is one.
    pub fn begin_call(&mut self, times: &CallTimes, request: Option<Arc<InFlight>>) {
        self.store.data_mut().begin_call(times, request);
        self.store.set_epoch_deadline(1);
        self.calls += 1;
    }
}
