//! A host that fails on purpose: the binary `strongroom-faulty`, and a plan of what goes wrong in
//! one run of it.
//!
//! A plan is text in an environment variable. The crate `strongroom-faults` says what its words
//! mean. Each fault writes a line to the log before it acts, so that a test can check that its
//! fault has happened.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;

use crate::command::verify;
use crate::history::crew::lost;
use crate::history::{Checker, History, OwnedAsk, Scene, Shift};
use crate::host::Host;
use crate::registry::Registry;
use crate::scale::short_or_full;
use crate::{Bank, wait_until, workspace};

const PLAN_VARIABLE: &str = "STRONGROOM_FAULTS";
/// Longer than a loaded machine takes to come to any fault that a plan has.
const FIRED_SECONDS_MAX: u64 = 20;
const FIRED: &str = "strongroom-faults: fired ";
const COUNTS: &str = "strongroom-faults: counts ";
/// How soon after its start a bank serves, whatever it comes from.
const READY_MAX: Duration = Duration::from_secs(5);
/// The same beside other tests: with six lanes of each, many hosts start at once.
const READY_MAX_SHORT: Duration = Duration::from_secs(30);

impl Host {
    /// The faults that have fired in the latest run, in their order.
    pub fn faults_fired(&self) -> Vec<String> {
        let log = self.log_of_latest_run();
        let fired = log.lines().filter_map(|line| line.split_once(FIRED));
        fired.map(|(_, fault)| fault.to_owned()).collect()
    }

    /// Waits until a fault has fired in the run that goes on.
    pub async fn wait_until_fired(&self) {
        wait_until("the fault", FIRED_SECONDS_MAX, async || {
            !self.faults_fired().is_empty()
        })
        .await;
    }

    /// How often everything has happened in the latest run, if its plan asked and it has ended in
    /// good order: such as `accounts:call.commit.after`, and `transactions:op.write`.
    pub fn counts(&self) -> BTreeMap<String, u32> {
        let log = self.log_of_latest_run();
        let counts = log.lines().find_map(|line| line.split_once(COUNTS));
        let (_, counts) = counts.expect("the host has counted");
        counts
            .split(' ')
            .filter_map(|count| count.split_once('='))
            .map(|(what, count)| (what.to_owned(), count.parse().expect("a number")))
            .collect()
    }
}

/// The data of a bank at one moment, and what its people had been told then.
#[derive(Debug)]
pub struct Kept {
    data: tempfile::TempDir,
    checker: Checker,
    recorded: Vec<OwnedAsk>,
}

impl Scene {
    /// Starts the binary with faults on the same data; false if it failed before it served.
    pub fn fail(&mut self, plan: &str) -> bool {
        self.bank.host.kill();
        let (binary, plan) = (workspace::faulty_binary(), (PLAN_VARIABLE, plan));
        let serves = self.bank.host.try_launch(&binary, &[plan]);
        if serves {
            self.follow();
        }
        serves
    }

    /// Starts the bank again on what is left. It serves soon, and everybody can go on.
    pub async fn recover(&mut self) {
        let took = self.restart().await;
        let ready_max = short_or_full(READY_MAX_SHORT, READY_MAX);
        assert!(took <= ready_max, "ready after {took:?}");
    }

    /// Stops the bank in good order.
    pub async fn stop(&mut self) {
        self.bank.signal(Signal::TERM);
        let status = self.bank.host.wait_for_exit().await;
        assert!(status.success(), "{status}");
    }

    /// Checks the bank, stops it in good order, and keeps a copy of its data.
    pub async fn keep(&mut self) -> Kept {
        self.check().await;
        self.stop().await;
        let data = tempfile::tempdir().expect("a temporary folder");
        copy_folder(&self.bank.data(), data.path());
        Kept {
            data,
            checker: self.checker.clone(),
            recorded: self.recorded.clone(),
        }
    }

    /// Another bank with the same people and no data yet: it begins from what was kept of this one.
    pub fn twin(&self) -> Self {
        Self {
            bank: Bank::prepared(&Registry::bank()),
            town: Arc::clone(&self.town),
            history: History::default(),
            checker: Checker::default(),
            recorded: Vec::new(),
            logged_in: self.logged_in,
        }
    }

    /// Puts everything back as it was kept.
    pub fn go_back_to(&mut self, kept: &Kept) {
        self.bank.host.kill();
        let data = self.bank.data();
        if data.exists() {
            fs::remove_dir_all(&data).expect("the data can be removed");
        }
        copy_folder(&kept.data.path().join("data"), self.bank.folder());
        self.history.take();
        self.checker = kept.checker.clone();
        self.recorded = kept.recorded.clone();
    }

    /// Repeats what has no answer; returns in what the bank differs from what everybody was told.
    pub async fn account_for(&mut self, shifts: Vec<Shift>) -> Vec<String> {
        let rows = self.new_rows().await;
        let lost = lost(&shifts, &rows);
        if !lost.is_empty() {
            // A repetition would only do again what was lost.
            return lost;
        }
        self.remember(&shifts);
        self.repeat(shifts, &rows).await;
        self.violations().await
    }

    /// In what the bank, at rest, differs from what everybody was told, who ask for it again.
    pub async fn violations(&mut self) -> Vec<String> {
        self.ask_again(&self.recorded).await;
        let mut violations = self.differences().await;
        let verified = verify(self.bank.folder());
        if verified.code != Some(0) {
            violations.push(format!("verify: {}", verified.text()));
        }
        violations
    }
}

/// Copies a folder, with its name, into another.
fn copy_folder(folder: &Path, into: &Path) {
    let copied = Command::new("cp").arg("-R").arg(folder).arg(into).status();
    assert!(copied.is_ok_and(|status| status.success()), "{folder:?}");
}
