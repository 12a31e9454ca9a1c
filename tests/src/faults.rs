//! A host that fails on purpose: the binary `strongroom-faulty`, and a plan of what goes wrong in
//! one run of it.
//!
//! A plan is text in an environment variable. The crate `strongroom-faults` says what its words
//! mean. Each fault writes a line to the log before it acts, so that a test can check that its
//! fault has happened.

use std::collections::BTreeMap;

use crate::host::Host;
use crate::{wait_for, workspace};

const PLAN_VARIABLE: &str = "STRONGROOM_FAULTS";
/// Longer than a loaded machine takes to come to any fault that a plan has.
const FIRED_SECONDS_MAX: u64 = 20;
const FIRED: &str = "strongroom-faults: fired ";
const COUNTS: &str = "strongroom-faults: counts ";

impl Host {
    /// Starts the binary with faults with a plan; false if it failed before it listened.
    pub fn launch_to_fail(&mut self, plan: &str) -> bool {
        self.try_launch(&workspace::faulty_binary(), &[(PLAN_VARIABLE, plan)])
    }

    /// The faults that have fired in the latest run, in their order.
    pub fn faults_fired(&self) -> Vec<String> {
        self.log_of_latest_run()
            .lines()
            .filter_map(|line| line.split_once(FIRED))
            .map(|(_, fault)| fault.to_owned())
            .collect()
    }

    /// Waits until a fault has fired in the run that goes on.
    pub async fn wait_until_fired(&self) {
        wait_for("the fault", FIRED_SECONDS_MAX, async || {
            (!self.faults_fired().is_empty()).then_some(())
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
