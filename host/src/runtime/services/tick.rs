//! The ticks of the services.

use super::routing_table::RoutingTable;
use super::service::Service;
use crate::wall_clock::WallClock;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a service ticks.
const TICK: Duration = Duration::from_secs(1);

/// Ticks a service until it is removed or the host drains. Each service has a task, so a slow one
/// delays no other.
pub(super) async fn tick(
    table: Arc<ArcSwap<RoutingTable>>,
    service: Arc<Service>,
    clock: Arc<WallClock>,
    draining: CancellationToken,
) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = draining.cancelled() => return,
            () = service.removed().cancelled() => return,
            _ = interval.tick() => {}
        }
        let (stable, canary) = match table.load().get(service.name()) {
            Some(route) => (route.stable.clone(), route.canary.clone()),
            None => return,
        };
        // The canary shares the store, whose work is the stable generation's.
        if let Some(canary) = canary {
            canary.generation().release_idle();
        }
        let Some(stable) = stable else { continue };
        // What a tick does is due by the clock, and could not be noted.
        if !clock.is_trusted() {
            stable.release_idle();
            continue;
        }
        if let Err(reason) = stable.tick().await {
            service.figures().count_failed_tick();
            tracing::warn!(
                service = service.name(),
                reason,
                "the service's tick failed"
            );
        }
    }
}
