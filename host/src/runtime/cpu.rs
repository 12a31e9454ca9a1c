//! The CPU time of guests: counted, bounded, and shared.
//!
//! A guest gives way at each tick of the engine's clock. One that has run for longer than a common request ever does is *heavy*: from
//! then on it runs a tick at a time, when it is its turn among the heavy guests of its service, and then among those of all services,
//! which together leave a core to the light ones. So a hundred endless loops in one service delay a password hash in another by a
//! tick or two, and a request of some milliseconds hardly at all.

use super::engine::EPOCH_TICK;
use super::fate::RequestFate;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wasmtime::UpdateDeadline;

/// The ticks after which a call is heavy: 10 ms, some twenty times what a transfer needs.
const LIGHT_TICKS: u64 = 5;

/// Whose turn it is: each takes the next free tick of a timeline on which so many run at once.
#[derive(Debug)]
pub(super) struct Turns {
    interval: Duration,
    next_free: Mutex<Instant>,
}

impl Turns {
    fn new(at_once: usize) -> Self {
        let at_once = u32::try_from(at_once).unwrap_or(u32::MAX).max(1);
        Self {
            interval: EPOCH_TICK / at_once,
            next_free: Mutex::new(Instant::now()),
        }
    }

    /// For the heavy guests of one service: half of the cores.
    pub(super) fn of_service() -> Arc<Self> {
        Arc::new(Self::new(cores() / 2))
    }

    /// For the heavy guests of all services: all cores but one, if there are more.
    pub(super) fn of_host() -> Arc<Self> {
        Arc::new(Self::new(cores() - 1))
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next_free = self
            .next_free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next_free);
        *next_free = turn + self.interval;
        turn
    }

    async fn wait(&self) {
        let now = Instant::now();
        let turn = self.take(now);
        if turn > now {
            tokio::time::sleep_until(turn.into()).await;
        }
    }
}

/// At least 1.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The CPU time of the call that runs in one instance.
pub(super) struct CpuBudget {
    ticks: u64,
    ticks_max: u64,
    fate: Option<Arc<RequestFate>>,
    service: Arc<Turns>,
    host: Arc<Turns>,
}

impl CpuBudget {
    /// The first call is the instantiation, of so much CPU time.
    pub(super) fn new(time: Duration, service: Arc<Turns>, host: Arc<Turns>) -> Self {
        let mut budget = Self {
            ticks: 0,
            ticks_max: 0,
            fate: None,
            service,
            host,
        };
        budget.begin(time, None);
        budget
    }

    /// Begins a call of so much CPU time; `fate` is told if it uses more.
    pub(super) fn begin(&mut self, time: Duration, fate: Option<Arc<RequestFate>>) {
        let ticks = time.as_millis() / EPOCH_TICK.as_millis();
        self.ticks = 0;
        self.ticks_max = u64::try_from(ticks).unwrap_or(u64::MAX).max(1);
        self.fate = fate;
    }

    /// What the guest does at a tick. `waited_until` is when it last came back from waiting in the host: a tick that passed while it
    /// waited is none of its own.
    pub(super) fn tick(&mut self, waited_until: Instant) -> UpdateDeadline {
        if waited_until.elapsed() < EPOCH_TICK {
            return UpdateDeadline::Continue(1);
        }
        self.ticks += 1;
        if self.ticks > self.ticks_max {
            if let Some(fate) = self.fate.take() {
                fate.end_time();
            }
            return UpdateDeadline::Interrupt;
        }
        if self.ticks <= LIGHT_TICKS {
            return UpdateDeadline::Yield(1);
        }
        let service = Arc::clone(&self.service);
        let host = Arc::clone(&self.host);
        let turn = async move {
            service.wait().await;
            host.wait().await;
            tokio::task::yield_now().await;
        };
        UpdateDeadline::YieldCustom(1, Box::pin(turn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_may_run_at_once_share_a_tick() {
        let turns = Turns::new(2);
        let now = Instant::now() + Duration::from_secs(1);
        let waits: Vec<_> = (0..4).map(|_| turns.take(now) - now).collect();
        assert_eq!(waits, [0, 1, 2, 3].map(|half| EPOCH_TICK / 2 * half));
    }

    #[test]
    fn turns_that_nobody_took_are_not_saved_up() {
        let turns = Turns::new(1);
        let later = Instant::now() + Duration::from_secs(60);
        assert_eq!(turns.take(later), later);
        assert_eq!(turns.take(later), later + EPOCH_TICK);
    }

    #[test]
    fn a_tick_that_passed_in_the_host_is_not_counted() {
        let mut cpu = CpuBudget::new(EPOCH_TICK, Turns::of_service(), Turns::of_host());
        for _ in 0..10 {
            let update = cpu.tick(Instant::now());
            assert!(matches!(update, UpdateDeadline::Continue(1)));
        }
        let long_ago = Instant::now() - Duration::from_secs(1);
        assert!(matches!(cpu.tick(long_ago), UpdateDeadline::Yield(1)));
        assert!(matches!(cpu.tick(long_ago), UpdateDeadline::Interrupt));
    }
}
