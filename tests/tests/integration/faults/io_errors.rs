//! Goal: whatever call to the disk fails, once or from then on, nothing is acknowledged that is not
//! kept; a refusal says that the storage or the service is not there; and a write that the
//! disk did not keep ends the process, so that no one asks a second time whether it did.
//!
//! Method: clients move money while the Nth read, write, sync, or truncation of a store fails. Then
//! the binary of every day is started on what is left, every request is repeated until it is
//! answered, and the books are compared.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::Signal;
use strongroom_tests::faults::Kept;
use strongroom_tests::history::{Crew, Scene, Shift};
use strongroom_tests::scale::{seeded, short_or_full};

use crate::faults::{load, refusals, scene};

const CLIENTS: usize = 4;
/// The stores, and the share of calls that one has: only standing orders write to that of the
/// transactions.
const STORES: [(&str, u32); 2] = [("accounts", 1), ("transactions", 10)];
/// How long they go on after it, so that somebody meets what it leaves.
const GO_ON: Duration = Duration::from_millis(200);
/// What the host says when a sync has failed, and nothing but its own end is safe.
const LAST_WORDS: &str = "strongroom: the disk did not keep a write";

/// A way in which a disk fails: the operation, the code, and the last call that is tried, counted
/// from the start, in the short form and in the full one.
type Failure = (&'static str, &'static str, (u32, u32));

const READ: Failure = ("read", "EIO", (20, 40));
const WRITE: Failure = ("write", "EIO", (400, 5_000));
const NO_ROOM: Failure = ("write", "ENOSPC", (400, 5_000));
const SYNC: Failure = ("sync", "EIO", (30, 600));
const SYNC_WITHOUT_ROOM: Failure = ("sync", "ENOSPC", (30, 600));
/// The log is cut when the host stops in good order.
const TRUNCATE: Failure = ("truncate", "EIO", (1, 1));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_read_or_write_is_told_as_such_and_does_no_harm() {
    let mut disk = FailingDisk::open().await;
    for failure in [READ, WRITE, NO_ROOM] {
        for (store, duration, at) in disk.cases(failure) {
            disk.fail(failure, store, duration, at);
            let load = disk.load();
            disk.scene.bank.wait_until_fired().await;
            tokio::time::sleep(GO_ON).await;
            disk.recover(load.end().await).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_ends_the_process_and_is_never_tried_again() {
    let mut disk = FailingDisk::open().await;
    for failure in [SYNC, SYNC_WITHOUT_ROOM] {
        for (store, duration, at) in disk.cases(failure) {
            disk.fail(failure, store, duration, at);
            let shifts = disk.load().until_cut_off().await;
            let status = disk.scene.bank.host.wait_for_exit().await;
            assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{status}");
            let log = disk.scene.bank.log_of_latest_run();
            assert!(log.contains(LAST_WORDS), "{log}");
            assert_eq!(disk.scene.bank.faults_fired().len(), 1, "{log}");
            disk.recover(shifts).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_cut_when_the_host_stops_does_no_harm() {
    let mut disk = FailingDisk::open().await;
    for (store, duration, at) in disk.cases(TRUNCATE) {
        disk.fail(TRUNCATE, store, duration, at);
        let load = disk.load();
        tokio::time::sleep(GO_ON).await;
        let shifts = load.end().await;
        disk.scene.stop().await;
        let fired = disk.scene.bank.faults_fired();
        assert!(!fired.is_empty(), "the fault has happened");
        disk.recover(shifts).await;
    }
}

/// A bank that begins each time from the same data, on a disk that fails.
struct FailingDisk {
    scene: Scene,
    kept: Kept,
    random: StdRng,
}

impl FailingDisk {
    async fn open() -> Self {
        let random = seeded();
        let mut scene = scene(CLIENTS).await;
        let kept = scene.keep().await;
        Self {
            scene,
            kept,
            random,
        }
    }

    /// Stores, how long the disk fails, and at which call.
    fn cases(&mut self, (_, _, (short, full)): Failure) -> Vec<(&'static str, &'static str, u32)> {
        let mut cases = Vec::new();
        for (store, share) in STORES {
            for duration in ["once", "good"] {
                let at_max = short_or_full(short, full).div_ceil(share);
                let tries = short_or_full(1, 100).min(at_max);
                let stride = at_max / tries;
                for part in 0..tries {
                    let at = 1 + part * stride + self.random.random_range(0..stride);
                    cases.push((store, duration, at));
                }
            }
        }
        cases
    }

    fn fail(&mut self, (operation, code, _): Failure, store: &str, duration: &str, at: u32) {
        let plan = format!(
            "after-start; error store={store} op={operation} at={at} code={code} for={duration}"
        );
        println!("{plan}");
        self.scene.go_back_to(&self.kept);
        assert!(self.scene.fail(&plan), "{plan}: it serves");
    }

    fn load(&mut self) -> Crew {
        load(&self.scene, CLIENTS, &mut self.random)
    }

    /// Starts the bank again; everything is as the clients were told.
    async fn recover(&mut self, shifts: Vec<Shift>) {
        println!("{:?}", refusals(&shifts));
        self.scene.recover().await;
        let violations = self.scene.account_for(shifts).await;
        assert_eq!(violations, Vec::<String>::new());
    }
}
