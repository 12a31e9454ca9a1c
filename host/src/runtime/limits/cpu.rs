//! The CPU time of guests: counted, bounded, and shared.
//!
//! Every [`EPOCH_TICK`] the engine interrupts each guest that runs. The guest then yields,
//! continues, or is ended:
//!
//! ```text
//!             tick
//!               |
//!    has the guest computed since the last tick? --no--> not charged, light
//!               | yes
//!    charge its ticks; more than its CPU time? ----yes-> ended
//!               | no
//!    more than LIGHT_TICKS charged? ---------------no--> light: yields to the other tasks, or goes
//!               | yes                                           on if it holds a store's writer
//!             heavy
//!               |
//!    ServiceTurns: half of the cores for each service; the others of the service wait here
//!               |
//!    HostTurns: one timeline for all services, which leaves one core to the light guests
//!               |
//!    runs for one tick
//! ```
//!
//! A light guest so waits for at most one tick of each other service, however many endless loops
//! the others run. An ordinary request is over before its first tick, and pays for none of this.

use super::in_flight::InFlight;
use crate::thread_clock::cpu_time;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::UpdateDeadline;

/// How often running guests yield and are charged a tick of CPU time. A guest that waits for a core
/// waits this long for each guest that runs before it.
pub const EPOCH_TICK: Duration = Duration::from_millis(2);
/// The ticks after which a call is heavy: 2 ms, some ten times what a transfer needs. More of them
/// would let one client's batches, which compute for some 8 ms each, keep all cores in turn. That
/// holds for the ledger too, with its writer in hand: measured, a batch that went on for 10 ms made
/// others' transfers two to three times slower than one that waits for its turn.
const LIGHT_TICKS: u64 = 1;
/// How long a guest keeps its turn when it does not return from the host. By then it waits there,
/// and needs no turn.
const TURN_TIME_MAX: Duration = EPOCH_TICK.saturating_mul(2);

/// The turns of all services. Each tick takes the next free place on a timeline, on which a fixed
/// number of guests run at once.
#[derive(Debug)]
pub struct HostTurns {
    interval: Duration,
    next_free: Mutex<Instant>,
}

impl HostTurns {
    /// For all cores but one, if there are more.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::at_once(cores() - 1))
    }

    /// For a host that serves no clients: each guest runs as fast as it can.
    pub fn unshared() -> Arc<Self> {
        Arc::new(Self {
            interval: Duration::ZERO,
            next_free: Mutex::new(Instant::now()),
        })
    }

    fn at_once(count: usize) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
        Self {
            interval: EPOCH_TICK / count,
            next_free: Mutex::new(Instant::now()),
        }
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next_free = self.next_free.lock();
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

/// The turns of one service: half of the cores, each for a tick.
#[derive(Debug)]
pub struct ServiceTurns {
    free: Arc<Semaphore>,
    taken: Mutex<Vec<Weak<Turn>>>,
}

/// The right of one guest to wait for, and to use, a turn of the host.
#[derive(Debug)]
struct Turn {
    since: Instant,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl ServiceTurns {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::at_once(cores() / 2))
    }

    fn at_once(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count.max(1))),
            taken: Mutex::default(),
        }
    }

    async fn wait(&self) -> Option<Arc<Turn>> {
        let permit = loop {
            let acquired = Arc::clone(&self.free).acquire_owned();
            match tokio::time::timeout(TURN_TIME_MAX, acquired).await {
                Ok(permit) => break permit.ok()?,
                Err(_) => self.take_back(),
            }
        };
        let turn = Arc::new(Turn {
            since: Instant::now(),
            permit: Mutex::new(Some(permit)),
        });
        let mut taken = self.taken.lock();
        taken.retain(|turn| turn.strong_count() > 0);
        taken.push(Arc::downgrade(&turn));
        Some(turn)
    }

    /// Takes turns back from guests that wait in the host.
    fn take_back(&self) {
        let taken = self.taken.lock();
        for turn in taken.iter().filter_map(Weak::upgrade) {
            if turn.since.elapsed() > TURN_TIME_MAX {
                turn.end();
            }
        }
    }
}

impl Turn {
    fn end(&self) {
        let permit = self.permit.lock().take();
        drop(permit);
    }
}

/// At least 1.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The CPU time of the call that runs in one instance.
pub struct CpuBudget {
    ticks: u64,
    ticks_max: u64,
    ticked_at: Instant,
    /// At how many ticks in a row it went on because it held the writer of a store.
    kept_on: u64,
    /// When the guest last went on.
    resumed: Arc<Mutex<Resumed>>,
    in_flight: Option<Arc<InFlight>>,
    service: Arc<ServiceTurns>,
    host: Arc<HostTurns>,
    /// The turn that a heavy guest has.
    turn: Arc<Mutex<Option<Arc<Turn>>>>,
}

impl CpuBudget {
    /// The first call is the instantiation, of so much CPU time.
    pub fn new(time: Duration, service: Arc<ServiceTurns>, host: Arc<HostTurns>) -> Self {
        let mut budget = Self {
            ticks: 0,
            ticks_max: 0,
            ticked_at: Instant::now(),
            kept_on: 0,
            resumed: Arc::new(Mutex::new(Resumed::now(false))),
            in_flight: None,
            service,
            host,
            turn: Arc::default(),
        };
        budget.begin(time, None);
        budget
    }

    /// Begins a call with this much CPU time. `in_flight` learns if the guest uses more.
    pub fn begin(&mut self, time: Duration, in_flight: Option<Arc<InFlight>>) {
        let ticks = time.as_millis() / EPOCH_TICK.as_millis();
        self.ticks = 0;
        self.ticks_max = u64::try_from(ticks).unwrap_or(u64::MAX).max(1);
        self.ticked_at = Instant::now();
        self.kept_on = 0;
        Resumed::begin(&self.resumed);
        self.in_flight = in_flight;
        self.end_turn();
    }

    /// Decides what the guest does at a tick. `waited` is how long it has waited in the host since
    /// the previous tick. A guest that mostly waited, or for which the machine had no time, is not
    /// charged: otherwise an overloaded machine would take every guest for heavy, and slow it down
    /// more. It yields all the same, as its time limits are checked only then.
    pub fn tick(&mut self, waited: Duration, is_writing: bool) -> UpdateDeadline {
        self.end_turn();
        let elapsed = self.ticked_at.elapsed();
        self.ticked_at = Instant::now();
        let computed = Resumed::computed(&self.resumed);
        let has_waited = waited > elapsed / 2 || computed == 0;
        if !has_waited {
            // While it waited, others may have computed on its thread.
            self.ticks += computed.min(ticks(elapsed.saturating_sub(waited))).max(1);
        }
        if self.ticks > self.ticks_max {
            if let Some(in_flight) = self.in_flight.take() {
                in_flight.end_time();
            }
            return UpdateDeadline::Interrupt;
        }
        if has_waited || self.ticks <= LIGHT_TICKS {
            return self.go_on_lightly(is_writing);
        }
        let resumed = Arc::clone(&self.resumed);
        let service = Arc::clone(&self.service);
        let host = Arc::clone(&self.host);
        let turn = Arc::clone(&self.turn);
        let wait = async move {
            let taken = service.wait().await;
            host.wait().await;
            *turn.lock() = taken;
            tokio::task::yield_now().await;
            Resumed::note(&resumed);
        };
        UpdateDeadline::YieldCustom(1, Box::pin(wait))
    }

    /// What a light guest does at a tick. A guest that holds the writer of a store does not yield
    /// until it releases it, as everything else may be waiting for it. After some ticks it does, as
    /// it may mean to hold the writer for long.
    fn go_on_lightly(&mut self, is_writing: bool) -> UpdateDeadline {
        if is_writing && self.ticks <= LIGHT_TICKS && self.kept_on < LIGHT_TICKS {
            self.kept_on += 1;
            Resumed::note(&self.resumed);
            return UpdateDeadline::Continue(1);
        }
        self.kept_on = 0;
        let resumed = Arc::clone(&self.resumed);
        let wait = async move {
            tokio::task::yield_now().await;
            Resumed::note(&resumed);
        };
        UpdateDeadline::YieldCustom(1, Box::pin(wait))
    }

    fn end_turn(&mut self) {
        let turn = self.turn.lock().take();
        if let Some(turn) = turn {
            turn.end();
        }
    }
}

/// How many ticks a time has. Half a tick counts as one.
fn ticks(time: Duration) -> u64 {
    let ticks = (time + EPOCH_TICK / 2).as_nanos() / EPOCH_TICK.as_nanos();
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// Where a guest resumed, and how much CPU time its thread had used by then.
///
/// To read a thread's CPU time is a system call, and most calls are over before the first tick. So
/// a call begins without it. The first tick in which the guest may have computed is not charged.
/// After it, the CPU time is read wherever the guest resumes. So what a call computes until its
/// first tick is free, and a guest that the kernel had stopped is never charged.
#[derive(Debug)]
struct Resumed {
    thread: ThreadId,
    at: Instant,
    cpu_time: Option<Duration>,
    /// Whether the CPU time is read when the guest goes on.
    is_measured: bool,
}

impl Resumed {
    fn now(is_measured: bool) -> Self {
        Self {
            thread: std::thread::current().id(),
            at: Instant::now(),
            cpu_time: is_measured.then(cpu_time),
            is_measured,
        }
    }

    /// Notes that a call begins.
    fn begin(resumed: &Mutex<Self>) {
        *resumed.lock() = Self::now(false);
    }

    /// Notes that the guest goes on.
    fn note(resumed: &Mutex<Self>) {
        let mut resumed = resumed.lock();
        *resumed = Self::now(resumed.is_measured);
    }

    /// How many ticks the guest has computed since it resumed, or the host for it in a call. A
    /// guest that is on another thread now has waited.
    fn computed(resumed: &Mutex<Self>) -> u64 {
        let mut then = resumed.lock();
        let may_have_computed =
            then.thread == std::thread::current().id() && then.at.elapsed() >= EPOCH_TICK / 2;
        if !may_have_computed {
            return 0;
        }
        then.is_measured = true;
        then.cpu_time
            .map_or(0, |then| ticks(cpu_time().saturating_sub(then)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_may_run_at_once_share_a_tick() {
        let now = Instant::now() + Duration::from_secs(1);
        for (turns, interval) in [
            (&HostTurns::at_once(2), EPOCH_TICK / 2),
            (&HostTurns::at_once(1), EPOCH_TICK),
            (&*HostTurns::unshared(), Duration::ZERO),
        ] {
            // Turns that nobody took are not saved up.
            for now in [now, now + Duration::from_secs(60)] {
                let waits = [(); 4].map(|()| turns.take(now) - now);
                assert_eq!(waits, [0, 1, 2, 3].map(|turn| interval * turn));
            }
        }
    }

    #[tokio::test]
    async fn only_so_many_guests_of_a_service_wait_for_the_host() {
        let turns = ServiceTurns::at_once(1);
        let first = turns.wait().await.unwrap();
        let mut second = Box::pin(turns.wait());
        assert!(futures::poll!(second.as_mut()).is_pending());
        first.end();
        // One that does not come back keeps nobody waiting.
        let _sleeps_in_the_host = second.await.unwrap();
        assert!(turns.wait().await.is_some());
    }

    fn budget(ticks: u32) -> CpuBudget {
        CpuBudget::new(EPOCH_TICK * ticks, ServiceTurns::new(), HostTurns::new())
    }

    #[test]
    fn a_guest_that_waits_is_not_charged_and_gives_way() {
        let mut cpu = budget(1);
        for _ in 0..10 {
            let update = cpu.tick(Duration::from_secs(1), false);
            assert!(matches!(update, UpdateDeadline::YieldCustom(1, _)));
        }
        assert_eq!(cpu.ticks, 0);
    }

    #[test]
    fn a_guest_that_the_machine_has_no_time_for_is_not_charged() {
        let mut cpu = budget(10);
        for _ in 0..10 {
            Resumed::note(&cpu.resumed);
            std::thread::sleep(EPOCH_TICK);
            cpu.tick(Duration::ZERO, false);
        }
        // The first run of code may read it from the disk, which is the thread's own time.
        assert!(cpu.ticks <= 1, "{} ticks are charged", cpu.ticks);
    }

    /// Computes for so many ticks, and then looks at the clock.
    fn compute(ticks: u32, cpu: &mut CpuBudget, is_writing: bool) -> UpdateDeadline {
        Resumed::note(&cpu.resumed);
        let until = cpu_time() + EPOCH_TICK * ticks;
        while cpu_time() < until {
            std::hint::spin_loop();
        }
        cpu.tick(Duration::ZERO, is_writing)
    }

    #[test]
    fn a_guest_that_computes_is_ended_when_its_time_is_used_up() {
        let mut cpu = budget(8);
        let is_end = |update| matches!(update, UpdateDeadline::Interrupt);
        let ended = (1..20).find(|_| is_end(compute(1, &mut cpu, false)));
        // The first tick is not charged. A busy machine adds time of its own to some.
        assert!(
            ended.is_some_and(|tick| (6..=10).contains(&tick)),
            "{ended:?}"
        );
    }

    /// The clock does not interrupt a call of the host.
    #[test]
    fn what_the_host_computes_for_a_guest_without_a_tick_is_charged_after_it() {
        let mut cpu = budget(8);
        compute(1, &mut cpu, false);
        compute(5, &mut cpu, false);
        assert!((5..8).contains(&cpu.ticks), "{} ticks", cpu.ticks);
        let update = compute(5, &mut cpu, false);
        assert!(matches!(update, UpdateDeadline::Interrupt));
    }

    #[test]
    fn the_cpu_time_of_a_call_is_read_after_its_first_tick_and_not_before() {
        let mut cpu = budget(2);
        let is_read = |cpu: &CpuBudget| cpu.resumed.lock().cpu_time.is_some();
        for _ in 0..2 {
            Resumed::note(&cpu.resumed);
            assert!(!is_read(&cpu));
            compute(1, &mut cpu, false);
            Resumed::note(&cpu.resumed);
            assert!(is_read(&cpu));
            cpu.begin(EPOCH_TICK, None);
        }
    }

    #[test]
    fn a_guest_with_the_writer_goes_on_for_a_while_and_then_gives_way() {
        let goes_on = |update: UpdateDeadline| matches!(update, UpdateDeadline::Continue(1));
        let mut cpu = budget(100);
        for _ in 0..2 {
            // It has waited for the writer.
            for tick in 1..=LIGHT_TICKS + 1 {
                let update = cpu.tick(Duration::from_secs(1), true);
                assert_eq!(goes_on(update), tick <= LIGHT_TICKS);
            }
        }
        assert_eq!(cpu.ticks, 0);
        let mut cpu = budget(100);
        for tick in 1..=LIGHT_TICKS + 1 {
            assert_eq!(goes_on(compute(1, &mut cpu, true)), tick <= LIGHT_TICKS);
        }
    }
}
