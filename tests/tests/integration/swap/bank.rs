//! The bank's own services are swapped while customers pay: no money is lost or doubled, no session
//! ends, and none that has ended comes back.

use super::*;
use strongroom_tests::Bank;
use strongroom_tests::bank::{Pair, new_key};
use strongroom_tests::command::verify;
use strongroom_tests::history::words::minor;
use strongroom_tests::race::Flood;
use strongroom_tests::registry::BANK_SERVICES;

/// Customers who pay a cent again and again, and read who they are. Only a good answer is no
/// failure.
pub struct Payers {
    pairs: Vec<Pair>,
    payments: Flood,
    reads: Flood,
}

impl Payers {
    pub async fn begin(bank: &Bank, count: usize) -> Self {
        let mut pairs = Vec::new();
        for _payer in 0..count {
            let pair = bank.pair().await;
            pair.admin.deposit(&pair.from, "9900.00", "EUR").await;
            pairs.push(pair);
        }
        let payments = pairs.iter().map(|pair| {
            let (payer, cent) = (pair.alice.clone(), pair.body("0.01"));
            move || payer.submit("transfer", &cent)
        });
        let payments = Flood::begin(payments, |outcome| {
            let posted = outcome.expect("the host answers").expect(201);
            assert_json!(posted, {"status": "posted"});
            true
        });
        let readers = pairs.iter().map(|pair| {
            let reader = pair.bob.clone();
            move || reader.get("/api/auth/me")
        });
        let reads = Flood::begin(readers, |outcome| {
            outcome.expect("the host answers").expect(200);
            true
        });
        Self {
            pairs,
            payments,
            reads,
        }
    }

    pub async fn go_on(&self) {
        self.payments.go_on().await;
        self.reads.go_on().await;
    }

    pub async fn end_and_add_up(self, bank: &Bank) {
        let sent = self.payments.end().await;
        assert!(self.reads.end().await > 0 && sent > 0);
        let (mut left, mut paid) = (0, 0);
        for pair in &self.pairs {
            left += minor(&pair.alice.balance(&pair.from).await);
            paid += minor(&pair.bob.balance(&pair.to).await);
        }
        assert_eq!(paid as u64, sent, "a cent for each payment answered");
        let opening = minor("10000.00") * self.pairs.len() as i64;
        assert_eq!(left + paid, opening, "no cent is lost or made");
        verify(bank.folder()).assert_success();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swapping_each_service_under_transfers_loses_and_doubles_nothing() {
    let bank = Bank::start().await;
    let builds = [Registry::bank_rebuilt(bank.folder(), 1), Registry::bank()];
    // Compiled before there is load, to which the compiler would give way.
    for build in &builds {
        bank.save_registry(build).await;
    }
    let payers = Payers::begin(&bank, 8).await;
    for round in 0..6 {
        payers.go_on().await;
        builds[round % 2].save(bank.folder());
        for (name, _) in BANK_SERVICES {
            wait_for_generation(&bank, name, round as u64 + 4).await;
        }
    }
    for (name, component) in BANK_SERVICES {
        payers.go_on().await;
        let file = bank.folder().join(format!("{component}-1.wasm"));
        let alone = Registry::bank().change(name, |service| service.file(&file));
        bank.save_registry(&alone).await;
        payers.go_on().await;
        bank.save_registry(&Registry::bank()).await;
        assert_eq!(bank.service(name).await["generation"], 11, "{name}");
    }
    payers.go_on().await;
    payers.end_and_add_up(&bank).await;
}

#[tokio::test]
async fn sessions_and_keys_outlive_swaps_and_ended_sessions_stay_ended() {
    let bank = Bank::start().await;
    let pair = bank.pair().await;
    let (stays, leaves) = (pair.alice.clone(), bank.customer().await);
    let key = new_key();
    let send = || stays.transfer(&key, &pair.from, &pair.to, "1.00");
    let first = send().await;
    first.expect(201);
    leaves.post("/api/auth/logout").await.expect_no_content();
    leaves.get("/api/auth/me").await.bad_token();

    let rebuilt = |number| Registry::bank_rebuilt(bank.folder(), number);
    bank.save_registry(&rebuilt(2)).await;
    stays.read("/api/auth/me").await;
    let again = send().await;
    assert!(again.replayed(), "{}", again.text());
    assert_eq!(again.body, first.body);
    assert_eq!(stays.balance(&pair.from).await, "99.00");
    leaves.get("/api/auth/me").await.bad_token();
    leaves.get("/api/accounts").await.bad_token();
    bank.refresh(&leaves.refresh_token).await.problem(400);
    let fresh = bank.refresh(&stays.refresh_token).await.expect(200);
    let again = bank.client().with_token(text(&fresh["access_token"]));
    again.read("/api/auth/me").await;

    // A logout on the new version stands on the old one.
    bank.save_registry(&Registry::bank()).await;
    again.post("/api/auth/logout").await.expect_no_content();
    bank.save_registry(&rebuilt(3)).await;
    again.get("/api/auth/me").await.bad_token();
    stays.get("/api/auth/me").await.bad_token();
    let login = bank.login(&stays.email, &stays.password).await.expect(200);
    assert_eq!(text(&login["user"]["id"]), stays.id);
}
