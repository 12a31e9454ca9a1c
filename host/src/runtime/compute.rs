//! `strongroom:service/compute`: leave to burn a core, so that a storm of password hashes starves nobody.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;
use wasmtime::Result;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

/// How long a guest waits for a core. With one hash in some 20 ms this is a queue of about 50 for each core.
const WAIT_MAX: Duration = Duration::from_secs(1);

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/service",
        inline: "package strongroom:host-compute; world imports { import strongroom:service/compute@0.1.0; }",
        world: "strongroom:host-compute/imports",
        imports: { default: async | trappable },
        with: { "strongroom:service/compute@0.1.0.permit": super::Permit },
        require_store_data_send: true,
    });
}

use bindings::strongroom::service::compute;

/// How long a core may be held: a guest that forgets to drop its permit must not keep others out.
const HOLD_MAX: Duration = Duration::from_secs(5);

/// One core, held until it is dropped, or for [`HOLD_MAX`].
pub struct Permit(#[expect(dead_code, reason = "held until it is dropped")] AbortOnDropHandle<()>);

impl Permit {
    fn new(core: OwnedSemaphorePermit) -> Self {
        Self(AbortOnDropHandle::new(tokio::spawn(async move {
            tokio::time::sleep(HOLD_MAX).await;
            drop(core);
        })))
    }
}

/// The host's permits as one instance of a component uses them.
pub(super) struct ComputeView<'a> {
    pub(super) permits: &'a Arc<Semaphore>,
    pub(super) table: &'a mut ResourceTable,
}

/// As many permits as the machine has cores.
pub(super) fn permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(super::cpu::cores()))
}

/// Gives `strongroom:service/compute` to the components of a linker.
pub(super) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> ComputeView<'_>,
) -> Result<()> {
    compute::add_to_linker::<T, HasCompute>(linker, view)
}

struct HasCompute;

impl HasData for HasCompute {
    type Data<'a> = ComputeView<'a>;
}

impl compute::Host for ComputeView<'_> {}

impl compute::HostPermit for ComputeView<'_> {
    async fn acquire(&mut self) -> Result<Option<Resource<Permit>>> {
        let permit = tokio::time::timeout(WAIT_MAX, Arc::clone(self.permits).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Some(self.table.push(Permit::new(permit))?)),
            _ => Ok(None),
        }
    }

    async fn drop(&mut self, permit: Resource<Permit>) -> Result<()> {
        self.table.delete(permit)?;
        Ok(())
    }
}
