//! Clients that move money until they are told to stop, and what the bank has acknowledged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use strongroom_tests::bank::Pair;
use strongroom_tests::command::{CommandOutput, run};
use strongroom_tests::host::Host;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, text};
use tokio::task::JoinSet;

const MOVERS: usize = 8;

/// When a transfer was acknowledged, by its id.
pub type Acknowledged = BTreeMap<String, Instant>;

pub struct Movers {
    is_over: Arc<AtomicBool>,
    clients: JoinSet<Acknowledged>,
}

impl Movers {
    pub fn begin(pair: &Pair) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for _ in 0..MOVERS {
            let (alice, body) = (pair.alice.clone(), pair.body("0.01"));
            let is_over = Arc::clone(&is_over);
            clients.spawn(async move {
                let mut acknowledged = Acknowledged::new();
                while !is_over.load(Relaxed) {
                    let Ok(answer) = alice.submit("transfer", &body).try_send().await else {
                        // The host was killed.
                        break;
                    };
                    let id = text(&answer.expect(201)["id"]).to_owned();
                    acknowledged.insert(id, Instant::now());
                }
                acknowledged
            });
        }
        Self { is_over, clients }
    }

    /// Ends them; returns what was acknowledged.
    pub async fn end(self) -> Acknowledged {
        self.is_over.store(true, Relaxed);
        let acknowledged = self.clients.join_all().await;
        acknowledged.into_iter().flatten().collect()
    }
}

/// Runs `strongroom backup` against a host.
pub async fn back_up(host: &Host, folder: &Path) -> CommandOutput {
    let (admin, data) = (host.admin_address(), host.data());
    let arguments = [
        "backup",
        folder.to_str().expect("UTF-8"),
        "--admin",
        admin,
        "--data",
        data.to_str().expect("UTF-8"),
    ];
    host.run(&arguments).await
}

/// Runs `strongroom restore` to the data folder of a bank that has no process yet.
pub fn restore(bank: &Bank, backup: &Path) -> CommandOutput {
    let data = bank.data();
    let arguments = [
        "restore",
        backup.to_str().expect("UTF-8"),
        "--data",
        data.to_str().expect("UTF-8"),
    ];
    run(bank.folder(), &arguments)
}

/// A bank without a process on the data of a backup, which must be whole.
pub fn restored(backup: &Path) -> Bank {
    let bank = Bank::prepared(&Registry::bank());
    restore(&bank, backup).assert_success();
    bank
}
