//! Instances for everything but HTTP requests: link calls, `start`, `tick`, and audits.
//!
//! One call at a time runs in an instance. It is kept for the next call only after a clean return: a trap, a timeout, or a caller that
//! went away ends it, so that nothing of a failed call survives.

use super::call_times::CallTimes;
use super::context::{Context, Provisions};
use super::live::{Alive, LiveCount};
use crate::links::CallError;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, Val,
};
use wasmtime::{Engine, PoolConcurrencyLimitError, Store, Trap};

/// The instances of one generation.
pub(super) struct Residents {
    engine: Engine,
    pre: InstancePre<Context>,
    provisions: Arc<Provisions>,
    live: LiveCount,
    drained: CancellationToken,
    idle: Mutex<Vec<Resident>>,
}

struct Resident {
    store: Store<Context>,
    instance: Instance,
    calls: usize,
    idle_since: Instant,
    retire: Arc<AtomicBool>,
    _alive: Alive,
}

impl Residents {
    pub(super) fn new(
        engine: &Engine,
        pre: InstancePre<Context>,
        provisions: &Arc<Provisions>,
        live: LiveCount,
        drained: CancellationToken,
    ) -> Self {
        Self {
            engine: engine.clone(),
            pre,
            provisions: Arc::clone(provisions),
            live,
            drained,
            idle: Mutex::default(),
        }
    }

    /// Calls a function of one result with untyped values.
    pub(super) async fn call_values(
        &self,
        function: ComponentExportIndex,
        parameters: &[Val],
    ) -> Result<Val, CallError> {
        self.call(self.provisions.times, async |resident| {
            let function = resident.instance.get_func(&mut resident.store, function);
            let function =
                function.ok_or_else(|| wasmtime::format_err!("the function is not exported"))?;
            let mut results = [Val::Bool(false)];
            function
                .call_async(&mut resident.store, parameters, &mut results)
                .await?;
            let [result] = results;
            Ok(result)
        })
        .await
    }

    /// Calls a function with typed values; it may take as long as `times` says.
    pub(super) async fn call_typed<P, R>(
        &self,
        function: ComponentExportIndex,
        parameters: P,
        times: CallTimes,
    ) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: Send + Sync + 'static,
        (R,): ComponentNamedList + Lift + Send + Sync + 'static,
    {
        self.call(times, async move |resident| {
            let function = resident
                .instance
                .get_typed_func::<P, (R,)>(&mut resident.store, function)?;
            let (result,) = function.call_async(&mut resident.store, parameters).await?;
            Ok(result)
        })
        .await
    }

    async fn call<R>(
        &self,
        times: CallTimes,
        act: impl AsyncFnOnce(&mut Resident) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let run = async {
            let mut resident = self.take().await?;
            resident.store.data_mut().begin_call(&times, None);
            resident.store.set_epoch_deadline(1);
            resident.calls += 1;
            let result = act(&mut resident).await?;
            self.keep(resident);
            wasmtime::Result::Ok(result)
        };
        match timeout(times.wall, run).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(self.failure(&error)),
            Err(_) => Err(CallError::TimedOut),
        }
    }

    fn failure(&self, error: &wasmtime::Error) -> CallError {
        if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
            return CallError::Overloaded;
        }
        if self.provisions.log.admits_line() {
            tracing::warn!(service = %self.provisions.service, error = error.root_cause().to_string(), "a call into the component failed; its instance is gone");
        }
        if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
            CallError::TimedOut
        } else {
            CallError::Failed
        }
    }

    async fn take(&self) -> wasmtime::Result<Resident> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(resident) => Ok(resident),
            None => self.make().await,
        }
    }

    async fn make(&self) -> wasmtime::Result<Resident> {
        let alive = self.live.begin();
        let retire = Arc::new(AtomicBool::new(false));
        let mut store = Context::store(&self.engine, &self.provisions, Arc::clone(&retire));
        let instance = self.pre.instantiate_async(&mut store).await?;
        Ok(Resident {
            store,
            instance,
            calls: 0,
            idle_since: Instant::now(),
            retire,
            _alive: alive,
        })
    }

    fn keep(&self, mut resident: Resident) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // Within the lock: a drain that comes later finds the instance there.
        if self.drained.is_cancelled()
            || resident.retire.load(Relaxed)
            || resident.calls >= self.provisions.limits.reuse
        {
            return;
        }
        resident.idle_since = Instant::now();
        idle.push(resident);
    }

    /// Makes so many instances at once and lets them go: whatever keeps the component from running is found out before it serves, and the
    /// pool keeps places that are laid out for it, in which an instance is made in a fraction of the time.
    pub(super) async fn warm(&self, count: usize) -> Result<(), String> {
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

    /// Lets instances go that nobody has needed for `limits.idle`.
    pub(super) fn release_idle(&self) {
        let idle_max = self.provisions.limits.idle;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|resident| resident.idle_since.elapsed() < idle_max);
    }

    /// Lets all idle instances go.
    pub(super) fn release_all(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
