//! A process that runs the workload with a plan of faults, and what it printed.

use super::adapter::GuestStore;
use super::workload::{self, Ack};
use crate::store::faults;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use strongroom_faults::Operation;

/// The test that is the whole process.
const PROCESS: &str = "store::tests::faults::run::a_process_with_a_plan_of_faults";
const FOLDER_VARIABLE: &str = "STRONGROOM_TEST_FOLDER";
const PLAN_VARIABLE: &str = "STRONGROOM_TEST_PLAN";
pub const STORE_FILE: &str = "accounts.sqlite";
const FIRED: &str = "strongroom-faults: fired ";
const COMPLETE: &str = "every request has its answer";
/// Longer than any run of a store that does not hang.
const RUN_TIME_MAX: Duration = Duration::from_secs(120);

/// How a process ended: with a code or by a signal, or with neither if it took too long.
pub type End = (Option<i32>, Option<i32>);
pub const NORMAL: End = (Some(0), None);

/// A process that has ended.
pub struct Run {
    pub end: End,
    pub acks: Vec<Ack>,
    /// Its standard error, and the other lines of its standard output.
    pub log: String,
}

impl Run {
    pub fn of(folder: &Path, plan: &str) -> Self {
        let files = ["output", "log"].map(|name| folder.join(name));
        let [output, log] = files
            .each_ref()
            .map(|path| std::fs::File::create(path).unwrap());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", PROCESS, "--ignored", "--nocapture"])
            .arg("--test-threads=1")
            .env(FOLDER_VARIABLE, folder)
            .env(PLAN_VARIABLE, plan)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(log)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let mut status = child.try_wait().unwrap();
        while status.is_none() && begun.elapsed() < RUN_TIME_MAX {
            std::thread::sleep(Duration::from_millis(2));
            status = child.try_wait().unwrap();
        }
        if status.is_none() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let end = status.map_or((None, None), |status| (status.code(), status.signal()));
        let [output, mut log] = files.map(|path| std::fs::read_to_string(path).unwrap());
        let mut acks = Vec::new();
        for line in output.lines() {
            match serde_json::from_str(line) {
                Ok(ack) => acks.push(ack),
                Err(_) => log.extend([line, "\n"]),
            }
        }
        Self { end, acks, log }
    }

    /// Whether the fault of the plan has come.
    pub fn has_fired(&self) -> bool {
        self.log.contains(FIRED)
    }

    /// Whether every request had its answer.
    pub fn is_complete(&self) -> bool {
        self.log.contains(COMPLETE)
    }

    /// How often the store's files saw an operation, in a run that ended normally.
    pub fn count(&self, operation: Operation) -> u64 {
        let word = format!(":op.{operation}=");
        let mut words = self.log.split_whitespace();
        let count = words.find_map(|found| found.split_once(&word));
        count.map_or(0, |(_, count)| count.parse().unwrap())
    }
}

#[test]
#[ignore = "this is the process that the other tests of faults start"]
fn a_process_with_a_plan_of_faults() {
    let variable = |name| std::env::var(name).expect("one of the tests of faults has started this");
    let (folder, plan) = (variable(FOLDER_VARIABLE), variable(PLAN_VARIABLE));
    faults::set(faults::Hook {
        at_call: |_, _, _| Ok(()),
        synchronous: strongroom_faults::synchronous,
        written_over: strongroom_faults::written_over,
        arm: strongroom_faults::arm,
    });
    strongroom_faults::install(plan.parse().unwrap());
    // The test runner has begun a line.
    println!();
    let acknowledge = |ack| {
        // One write for a line: a killed process has written all of it or nothing.
        let line = format!("{}\n", serde_json::to_string(&ack).unwrap());
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    };
    let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
    let file = Path::new(&folder).join(STORE_FILE);
    // An operator starts a host again whose store does not open.
    let store = GuestStore::open(&file, &runtime).or_else(|_| GuestStore::open(&file, &runtime));
    match store {
        Ok(store) => {
            match workload::run(&store, &acknowledge) {
                Ok(()) => eprintln!("{COMPLETE}"),
                Err(reason) => eprintln!("{reason}"),
            }
            store.close();
        }
        Err(error) => eprintln!("the store does not open: {error}"),
    }
    eprintln!("{}", strongroom_faults::counts());
}
