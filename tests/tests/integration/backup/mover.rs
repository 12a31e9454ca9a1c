//! Clients that move money until they are told to stop, and what the bank has acknowledged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use strongroom_tests::bank::Pair;
use strongroom_tests::command::{CommandOutput, run};
use strongroom_tests::host::Host;
use strongroom_tests::race::Flood;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, text};

const MOVERS: usize = 8;

/// When a transfer was acknowledged, by its id.
pub type Acknowledged = BTreeMap<String, Instant>;

pub struct Movers {
    flood: Flood,
    acknowledged: Arc<Mutex<Acknowledged>>,
}

impl Movers {
    pub fn begin(pair: &Pair) -> Self {
        let clients = (0..MOVERS).map(|_| {
            let (alice, body) = (pair.alice.clone(), pair.body("0.01"));
            move || alice.submit("transfer", &body)
        });
        let acknowledged = Arc::<Mutex<Acknowledged>>::default();
        let all = Arc::clone(&acknowledged);
        // There is no answer when the host was killed.
        let flood = Flood::begin(clients, move |outcome| {
            outcome.is_ok_and(|answer| {
                let id = text(&answer.expect(201)["id"]).to_owned();
                all.lock().expect("no panic").insert(id, Instant::now());
                true
            })
        });
        Self {
            flood,
            acknowledged,
        }
    }

    pub async fn end(self) -> Acknowledged {
        self.flood.end().await;
        std::mem::take(&mut *self.acknowledged.lock().expect("no panic"))
    }
}

pub async fn back_up(host: &Host, folder: &Path) -> CommandOutput {
    let [folder, data] = [folder, &host.data()].map(|path| path.display().to_string());
    let flags = ["--admin", host.admin_address(), "--data", &data];
    host.run(&[&["backup", &folder], &flags[..]].concat()).await
}

/// Runs `strongroom restore` to the data folder of a bank that has no process yet.
pub fn restore(bank: &Bank, backup: &Path) -> CommandOutput {
    let [backup, data] = [backup, &bank.data()].map(|path| path.display().to_string());
    run(bank.folder(), &["restore", &backup, "--data", &data])
}

/// A bank without a process on the data of a backup, which must be whole.
pub fn restored(backup: &Path) -> Bank {
    let bank = Bank::prepared(&Registry::bank());
    restore(&bank, backup).assert_success();
    bank
}
