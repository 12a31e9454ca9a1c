//! The small form of the torture run: many swaps under load, and no client notices.
//!
//! Goal: no request fails, no connection is refused, every answer is from one of the two versions,
//! and nothing of the old generations is left behind. Method: clients hammer the service that is
//! swapped, one beside it, and the bank, while the registry is saved again and again; each save is
//! taken before the next.

use super::*;
use crate::swap::bank::Payers;
use strongroom_tests::Bank;
use strongroom_tests::race::Flood;
use strongroom_tests::registry::BANK_SERVICES;

const SWAPS: u64 = 50;
/// Instances of a service that no client calls any more: far below one for each swap.
const INSTANCES_AT_REST_MAX: u64 = 8;

fn guest(generation: u64) -> &'static str {
    ["version-b", "version-a"][usize::from(generation % 2 == 1)]
}

fn registry(generation: u64) -> Registry {
    Registry::bank()
        .service("changing", version(guest(generation)).limit("idle", "1s"))
        .service("bystander", version("version-a"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_swaps_under_load() {
    let bank = Bank::start_with(&registry(1)).await;
    let payers = Payers::begin(&bank, 2).await;
    let is_either = |text: &str| ["version-a", "version-b"].contains(&text);
    let changing = hammer(CLIENTS, || bank.client(), "/api/changing", is_either);
    let is_first = |text: &str| text == "version-a";
    let bystander = hammer(CLIENTS, || bank.client(), "/api/bystander", is_first);
    let readiness = hammer(1, || bank.host.admin(), "/readyz", |text| text == "ready\n");
    for generation in 2..=SWAPS + 1 {
        changing.go_on().await;
        bank.save(&registry(generation));
        wait_for_generation(&bank, "changing", generation).await;
        assert_answers(&bank, "/api/changing", guest(generation)).await;
    }
    changing.go_on().await;
    let answers = [changing, bystander, readiness].map(Flood::end);
    for answers in answers {
        assert!(answers.await > SWAPS);
    }
    payers.end_and_add_up(&bank).await;

    let changes = history(&bank, "changing").await;
    assert_eq!(changes.len() as u64, SWAPS + 1, "the start, and each swap");
    for change in changes {
        assert_eq!(change["outcome"], "switched", "{change}");
    }
    let has_ended = |change: &Value| {
        let drained = &change["steps_us"]["drain"];
        drained.is_u64() || change["from_digest"].is_null()
    };
    let have_ended = async || history(&bank, "changing").await.iter().all(has_ended);
    wait_until("the old generations to end", 60, have_ended).await;
    wait_until("the instances to be few", 60, async || {
        let live = bank.service("changing").await["instances"]["live"].as_u64();
        live.is_some_and(|live| live <= INSTANCES_AT_REST_MAX)
    })
    .await;
    let of_bank = BANK_SERVICES.map(|(name, _)| name);
    for name in of_bank.into_iter().chain(["bystander"]) {
        assert_eq!(bank.service(name).await["generation"], 1, "{name}");
    }
}
