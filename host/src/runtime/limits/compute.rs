//! `strongroom:service/compute`: permits to keep a core busy, so that a storm of password hashes
//! leaves room for other work.

use super::cpu::cores;
use crate::client::Client;
use crate::fair_line::{FairLine, Place};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;
use wasmtime::Result;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

/// How many guests of a service may wait for each core. The requests of one client are at most half
/// of them. A hash takes some 20 ms, so they wait for a third of a second. The next one is refused
/// at once, and holds no instance.
const WAITING_FOR_A_CORE_MAX: usize = 16;
/// How many more may wait for each core of those whose device is known: strangers must not keep
/// them out, from however many addresses they come.
const KNOWN_WAITING_MAX: usize = 16;
/// How long a guest waits, however slow the machine is: what stands in the line is to be served,
/// not refused.
const WAIT_MAX: Duration = Duration::from_secs(5);

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

/// The cores that may be burnt: as many as the machine has, and one service's share of them, so
/// that none takes all.
#[derive(Clone)]
pub struct Permits {
    host: Arc<Semaphore>,
    service: Arc<FairLine>,
}

/// One core, and the service's leave to have it.
struct Core {
    #[expect(dead_code, reason = "held until it is dropped")]
    of_service: Place,
    #[expect(dead_code, reason = "held until it is dropped")]
    of_host: OwnedSemaphorePermit,
}

impl Permits {
    /// For a host; no service has a share yet.
    pub fn of_host() -> Self {
        Self::new(Arc::new(Semaphore::new(cores())))
    }

    /// The same with a share for one more service: all cores but one, if there are more.
    pub fn for_service(&self) -> Self {
        Self::new(Arc::clone(&self.host))
    }

    fn new(host: Arc<Semaphore>) -> Self {
        let places = (cores() - 1).max(1);
        Self {
            host,
            service: FairLine::with_reserve(
                places,
                WAITING_FOR_A_CORE_MAX * cores(),
                KNOWN_WAITING_MAX * cores(),
            ),
        }
    }

    async fn acquire(&self, client: Client, is_known: bool) -> Option<Permit> {
        let entered = match is_known {
            true => self.service.enter_reserved(client, WAIT_MAX).await,
            false => self.service.enter(client, WAIT_MAX).await,
        };
        let of_service = entered.ok()?;
        let of_host = Arc::clone(&self.host).acquire_owned().await.ok()?;
        let core = Core {
            of_service,
            of_host,
        };
        Some(Permit(AbortOnDropHandle::new(tokio::spawn(async move {
            tokio::time::sleep(HOLD_MAX).await;
            drop(core);
        }))))
    }
}

/// The host's permits as one instance of a component uses them.
pub struct ComputeView<'a> {
    pub permits: &'a Permits,
    /// Whose request the instance serves, if any.
    pub client: Option<Client>,
    pub table: &'a mut ResourceTable,
}

/// Gives `strongroom:service/compute` to the components of a linker.
pub fn add_to_linker<T: Send + 'static>(
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

impl ComputeView<'_> {
    async fn permit(&mut self, is_known: bool) -> Result<Option<Resource<Permit>>> {
        let client = self.client.unwrap_or(Client::NOBODY);
        let acquired = self.permits.acquire(client, is_known);
        match tokio::time::timeout(WAIT_MAX, acquired).await {
            Ok(Some(permit)) => Ok(Some(self.table.push(permit)?)),
            _ => Ok(None),
        }
    }
}

impl compute::HostPermit for ComputeView<'_> {
    async fn acquire(&mut self) -> Result<Option<Resource<Permit>>> {
        self.permit(false).await
    }

    async fn acquire_known(&mut self) -> Result<Option<Resource<Permit>>> {
        self.permit(true).await
    }

    async fn drop(&mut self, permit: Resource<Permit>) -> Result<()> {
        self.table.delete(permit)?;
        Ok(())
    }
}
