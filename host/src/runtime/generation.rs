//! One loaded version of a service.

use super::context::Context;
use super::fate::RequestFate;
use super::handler::{LiveCount, Workers};
use super::lifecycle::Lifecycle;
use super::residents::Residents;
use super::response::GuestBody;
use super::service::ServeError;
use super::slots::Slots;
use crate::links::{CallError, FunctionName};
use crate::registry::{Digest, ServiceSpec};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wasmtime::component::{Component, ComponentExportIndex, Val};
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{InstantiationError, ProxyHandler};

/// One loaded version of a service: its code, its instances, its bounds.
pub struct Generation {
    pub(super) spec: ServiceSpec,
    pub(super) component: Component,
    pub(super) digest: Digest,
    pub(super) wasi: &'static str,
    pub(super) functions: HashMap<FunctionName, ComponentExportIndex>,
    pub(super) lifecycle: Option<Lifecycle>,
    pub(super) audit: Option<ComponentExportIndex>,
    pub(super) handler: ProxyHandler<Workers>,
    pub(super) residents: Residents,
    pub(super) slots: Slots,
    pub(super) live: LiveCount,
    pub(super) drained: CancellationToken,
}

impl Generation {
    /// What the registry says of it.
    pub fn spec(&self) -> &ServiceSpec {
        &self.spec
    }

    /// The SHA-256 of its component.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// `0.2` or `0.3`.
    pub fn wasi(&self) -> &'static str {
        self.wasi
    }

    /// How many instances it has now.
    pub fn instances_live(&self) -> usize {
        self.live.get()
    }

    pub(super) fn component(&self) -> &Component {
        &self.component
    }

    /// Serves one request.
    ///
    /// # Errors
    /// Why there is no response of the component's own.
    pub async fn serve(
        &self,
        request: http::Request<WasiBody>,
    ) -> Result<http::Response<GuestBody>, ServeError> {
        let slot = self
            .slots
            .take()
            .await
            .map_err(|_| ServeError::Overloaded)?;
        let fate = Arc::new(RequestFate::new(slot));
        // The instance's own expiration bounds this wait, whatever the guest does.
        match self.handler.handle(Arc::clone(&fate), request).await {
            Ok(response) => {
                Ok(response.map(|body| GuestBody::new(body, self.spec.limits.response_body, fate)))
            }
            Err(_) if fate.is_time_up() => Err(ServeError::TimedOut),
            Err(error) => Err(serve_error(&error)),
        }
    }

    /// Answers one link call.
    pub(super) async fn call(
        &self,
        function: &FunctionName,
        parameters: &[Val],
    ) -> Result<Val, CallError> {
        let function = self.functions.get(function).ok_or(CallError::Failed)?;
        let _slot = self.slots.take().await.map_err(|_| CallError::Overloaded)?;
        self.residents.call_values(*function, parameters).await
    }

    /// Ends the idle instances now, and the others when they have done what they do.
    pub(super) fn drain(&self) {
        self.drained.cancel();
        self.residents.release_all();
    }

    /// Whether no instance is left.
    pub(super) fn is_drained(&self) -> bool {
        self.live.get() == 0
    }
}

fn serve_error(error: &wasmtime::Error) -> ServeError {
    if let Some(instantiation) = error.downcast_ref::<InstantiationError<Arc<RequestFate>>>() {
        return match instantiation
            .error
            .downcast_ref::<PoolConcurrencyLimitError>()
        {
            Some(_) => ServeError::Overloaded,
            None => ServeError::Failed(format!("{:#}", instantiation.error)),
        };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => ServeError::TimedOut,
        _ => ServeError::Failed(format!("{error:#}")),
    }
}

/// What the two kinds of instances are made of.
pub(super) type Pre = wasmtime::component::InstancePre<Context>;
