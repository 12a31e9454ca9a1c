//! The bank when things fail: a crash at any point, a power cut, a disk that errs, a disk that is
//! full.
//!
//! Goal: no acknowledged transfer is lost, none is doubled, none is half done. Nothing happens that
//! no client asks for.
//!
//! Method: the binary `strongroom-faulty` fails where a plan says; then the released binary is
//! started on what is left. Clients want everything that a bank does with money, as where it is
//! [killed](crate::kill), and standing orders. What each was told is held against the journal, and
//! the journal against a model of the bank ([`strongroom_tests::history`]); each request is
//! repeated, and has the same bytes in response; `strongroom verify` finds nothing. The test also
//! asserts that each planned fault has happened.
//!
//! The short form takes each point once; `./build.sh torture ledger` runs at full scale.

mod crash_points;
mod disk_full;
mod hosts;
mod io_errors;
mod power_loss;

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use strongroom_tests::Bank;
use strongroom_tests::history::{Crew, EUR, Mix, Scene, Shift, Wishes};

/// The violations of a sound bank.
const NOTHING: [String; 0] = [];

/// A bank of so many customers with an account each.
async fn scene(customers: usize) -> Scene {
    Scene::open(Bank::start().await, customers, &[EUR]).await
}

/// Sets so many clients to work.
fn load(scene: &Scene, clients: usize, random: &mut StdRng) -> Crew {
    let mix = Mix {
        batches: 10,
        lines: 2..=4,
        cash: true,
        orders: true,
    };
    Crew::begin(scene, Wishes::of_clients(clients, &mix, random))
}

/// How often clients heard which refusal, by status and code. Each says that it is for the moment:
/// the service or its disk is not there. None is a failure without a name.
fn refusals(shifts: &[Shift]) -> BTreeMap<(u16, &str), usize> {
    let mut counts = BTreeMap::new();
    for (status, code, _) in shifts.iter().flat_map(|shift| &shift.refusals) {
        let told = (*status, code.as_str());
        let has_name = matches!(
            told,
            (503, "service_unavailable" | "storage_unavailable") | (507, "storage_full")
        );
        assert!(has_name, "{told:?}");
        *counts.entry(told).or_default() += 1;
    }
    counts
}
