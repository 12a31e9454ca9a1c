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

use crate::faults::{NOTHING, load, refusals, scene};

const CLIENTS: usize = 4;
/// The stores, and the share of calls of each: only standing orders write to the second.
const STORES: [(&str, u32); 2] = [("accounts", 1), ("transactions", 10)];
/// How long they go on after it, so that somebody meets what it leaves.
const GO_ON: Duration = Duration::from_millis(200);
/// What the host says when a sync has failed, and nothing but its own end is safe.
const LAST_WORDS: &str = "strongroom: the disk did not keep a write";

/// The operation that fails, the code, and the last call tried, in the short and full form.
type Failure = (&'static str, &'static str, (u32, u32));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_read_or_write_is_told_as_such_and_does_no_harm() {
    let mut disk = FailingDisk::open().await;
    for plan in disk.plans(&[
        ("read", "EIO", (20, 40)),
        ("write", "EIO", (400, 5_000)),
        ("write", "ENOSPC", (400, 5_000)),
    ]) {
        let load = disk.work(&plan);
        disk.scene.bank.wait_until_fired().await;
        tokio::time::sleep(GO_ON).await;
        disk.recover(load.end().await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_ends_the_process_and_is_never_tried_again() {
    let mut disk = FailingDisk::open().await;
    for plan in disk.plans(&[("sync", "EIO", (30, 600)), ("sync", "ENOSPC", (30, 600))]) {
        let shifts = disk.work(&plan).until_cut_off().await;
        let status = disk.scene.bank.host.wait_for_exit().await;
        assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{status}");
        let log = disk.scene.bank.log_of_latest_run();
        assert!(log.contains(LAST_WORDS), "{log}");
        assert_eq!(disk.scene.bank.faults_fired().len(), 1, "{log}");
        disk.recover(shifts).await;
    }
}

/// The log is cut when the host stops in good order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_cut_when_the_host_stops_does_no_harm() {
    let mut disk = FailingDisk::open().await;
    for plan in disk.plans(&[("truncate", "EIO", (1, 1))]) {
        let load = disk.work(&plan);
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

    /// Each failure in each store, once and from then on, at calls by chance.
    fn plans(&mut self, failures: &[Failure]) -> Vec<String> {
        let mut plans = Vec::new();
        for (operation, code, (short, full)) in failures {
            for (store, share) in STORES {
                let at_max = short_or_full(*short, *full).div_ceil(share);
                let tries = short_or_full(1, 100).min(at_max);
                let stride = at_max / tries;
                for duration in ["once", "good"] {
                    let error = format!("error store={store} op={operation} code={code}");
                    for part in 0..tries {
                        let at = 1 + part * stride + self.random.random_range(0..stride);
                        plans.push(format!("after-start; {error} at={at} for={duration}"));
                    }
                }
            }
        }
        plans
    }

    /// Sets the clients to work on a disk that fails as planned.
    fn work(&mut self, plan: &str) -> Crew {
        println!("{plan}");
        self.scene.go_back_to(&self.kept);
        assert!(self.scene.fail(plan), "{plan}: it serves");
        load(&self.scene, CLIENTS, &mut self.random)
    }

    /// Starts the bank again; everything is as the clients were told.
    async fn recover(&mut self, shifts: Vec<Shift>) {
        println!("{:?}", refusals(&shifts));
        self.scene.recover().await;
        assert_eq!(self.scene.account_for(shifts).await, NOTHING);
    }
}
