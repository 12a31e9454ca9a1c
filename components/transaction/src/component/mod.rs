//! The shell that makes a WebAssembly component of the library: routes, exports, the link, and the service they share.

mod audit;
mod bindings;
mod events;
mod intents;
mod journal;
mod ledger;
mod lifecycle;
mod routes;
mod schedules;
#[cfg(feature = "screening")]
mod screening;
mod webhooks;

use crate::api::Service;
use ledger::LinkedLedger;
use std::sync::OnceLock;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::config::Config;
use strongroom_sdk::store::HostStore;

struct Component;

strongroom_sdk::export_http!(routes::site);

/// What posts: the ledger of the registry's link, or one that asks the screening of another link first.
#[cfg(not(feature = "screening"))]
type HostLedger = LinkedLedger;
#[cfg(feature = "screening")]
type HostLedger = crate::screening::Screened<LinkedLedger, screening::LinkedScreening>;

type HostService = Service<HostStore, HostLedger, SystemClock>;

/// How long a request is tried before it is given up, in seconds.
const INTENT_DEADLINE_SECONDS: &str = "intent_deadline_seconds";
const DAY_SECONDS: u32 = 24 * 3_600;

/// Reads the configuration; the error names the key.
fn configure() -> Result<HostService, String> {
    let config = Config::from_host().map_err(|error| error.to_string())?;
    config
        .expect_only(&[INTENT_DEADLINE_SECONDS])
        .map_err(|error| error.to_string())?;
    let seconds = config
        .integer(INTENT_DEADLINE_SECONDS, 10..=30 * DAY_SECONDS, DAY_SECONDS)
        .map_err(|error| error.to_string())?;
    Ok(Service {
        store: HostStore,
        ledger: HostLedger::default(),
        clock: SystemClock,
        intent_deadline_ms: i64::from(seconds) * 1_000,
    })
}

/// The service of this instance.
///
/// # Panics
/// If the configuration is wrong; `start` has then refused the generation, and no request comes here.
fn service() -> &'static HostService {
    static SERVICE: OnceLock<HostService> = OnceLock::new();
    SERVICE.get_or_init(|| configure().expect("`start` accepted this configuration"))
}
