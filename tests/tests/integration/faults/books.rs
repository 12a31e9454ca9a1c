//! What the bank must say, computed from its answers alone, and where it says something else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use strongroom_tests::command::verify;
use strongroom_tests::{Person, Value, list, text};
use tokio::task::JoinSet;

use crate::faults::request::{AttemptResult, FinalAnswer, RequestLine, cents};
use crate::faults::scene::BrokenBank;

/// How many answers are asked for again at the same time.
const REPEATED_AT_ONCE: usize = 8;
/// How often a repetition is tried that a host which has nothing wrong refuses for the moment.
const ATTEMPTS_MAX: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// What an account has, and what is reserved of it, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Standing {
    balance: i64,
    pending_debits: i64,
    pending_credits: i64,
}

/// What the journal tells of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    kind: String,
    status: String,
    amount_cents: i64,
    entries: usize,
}

/// All outcomes so far, and what follows from them.
#[derive(Debug, Clone)]
pub struct ExpectedBooks {
    outcomes: Vec<FinalAnswer>,
    standings: Vec<Standing>,
    /// By the transaction's id; an expiry, which no client asks for, by its hold's.
    journal: BTreeMap<String, Row>,
}

impl ExpectedBooks {
    /// The books of a bank in which nothing has happened yet.
    pub fn new(accounts: usize) -> Self {
        Self {
            outcomes: Vec::new(),
            standings: vec![Standing::default(); accounts],
            journal: BTreeMap::new(),
        }
    }

    /// Writes an outcome down. One that is there already stays there once.
    pub fn note(&mut self, outcome: FinalAnswer) {
        for (line, id) in outcome.request.lines.iter().zip(outcome.transactions()) {
            self.enter(line, id, outcome.is_accepted());
        }
        self.outcomes.push(outcome);
    }

    /// Writes a transaction down that was accepted or declined.
    ///
    /// # Panics
    ///
    /// If there is one of this id.
    pub fn enter(&mut self, line: &RequestLine, id: String, is_accepted: bool) {
        let posted = if is_accepted { line.posted_cents() } else { 0 };
        let held = if is_accepted { line.held_cents } else { 0 };
        let status = match is_accepted {
            true => line.accepted_status(),
            false => "declined",
        };
        let row = Row {
            kind: line.kind.to_owned(),
            status: status.to_owned(),
            amount_cents: line.amount_cents,
            entries: if posted > 0 { 2 } else { 0 },
        };
        let before = self.journal.insert(id, row);
        assert!(before.is_none(), "two requests have one transaction");
        if let Some(from) = line.from {
            self.standings[from].balance -= posted;
            self.standings[from].pending_debits += held;
        }
        self.standings[line.to].balance += posted;
        self.standings[line.to].pending_credits += held;
    }

    /// Forgets what the transaction service alone keeps: standing orders.
    pub fn forget_orders(&mut self) {
        self.outcomes.retain(|outcome| !outcome.request.is_order());
    }

    /// Writes down that the time of a hold is up.
    pub fn expire(&mut self, hold: &FinalAnswer) {
        let line = &hold.request.lines[0];
        let row = Row {
            kind: "expiry".to_owned(),
            status: "expired".to_owned(),
            amount_cents: line.held_cents,
            entries: 0,
        };
        self.journal.insert(expiry_of(&hold.transactions()[0]), row);
        let from = line.from.expect("a hold has a payer");
        self.standings[from].pending_debits -= line.held_cents;
        self.standings[line.to].pending_credits -= line.held_cents;
    }

    pub fn outcomes(&self) -> &[FinalAnswer] {
        &self.outcomes
    }

    /// Where the journal lacks what was answered: before anything is repeated, which could do it
    /// again.
    pub async fn missing_in_journal(&self, scene: &BrokenBank) -> Vec<String> {
        let found: BTreeMap<String, Row> = journal(scene).await.into_iter().collect();
        self.journal
            .iter()
            .filter(|(id, row)| found.get(*id) != Some(row))
            .map(|(id, row)| format!("answered and not in the journal: {id} {row:?}"))
            .collect()
    }

    /// What the journal has that was not answered.
    pub async fn unanswered_in_journal(&self, scene: &BrokenBank) -> Vec<String> {
        self.unanswered(&journal(scene).await)
    }

    fn unanswered(&self, rows: &[(String, Row)]) -> Vec<String> {
        rows.iter()
            .filter(|(id, row)| self.journal.get(id) != Some(row))
            .map(|(id, row)| format!("in the journal and never answered: {id} {row:?}"))
            .collect()
    }

    /// Everything in which the bank differs from the books. It must be at rest.
    pub async fn violations(&self, scene: &BrokenBank) -> Vec<String> {
        let mut violations = self.missing_in_journal(scene).await;
        violations.extend(self.answers_that_changed(scene).await);
        let rows = journal(scene).await;
        violations.extend(self.unanswered(&rows));
        let mut seen = BTreeSet::new();
        let twice = rows.iter().filter(|(id, _)| !seen.insert(id));
        violations.extend(twice.map(|(id, _)| format!("twice in the journal: {id}")));
        for (account, expected) in self.standings.iter().enumerate() {
            let found = standing(scene, account).await;
            if found != *expected {
                violations.push(format!("account {account} has {found:?}, not {expected:?}"));
            }
        }
        let verified = verify(scene.bank.folder());
        if verified.code != Some(0) {
            violations.push(format!("verify: {}", verified.text()));
        }
        violations
    }

    /// Asks for every answer again: the same, to the byte.
    async fn answers_that_changed(&self, scene: &BrokenBank) -> Vec<String> {
        let mut tasks = JoinSet::new();
        let share = self.outcomes.len().div_ceil(REPEATED_AT_ONCE).max(1);
        for part in self.outcomes.chunks(share) {
            let asked: Vec<(Person, FinalAnswer)> = part
                .iter()
                .map(|outcome| (scene.person(outcome.request.asker), outcome.clone()))
                .collect();
            tasks.spawn(async move {
                let mut changed = Vec::new();
                for (person, outcome) in &asked {
                    changed.extend(change_of(person, outcome).await);
                }
                changed
            });
        }
        tasks.join_all().await.into_iter().flatten().collect()
    }
}

async fn change_of(person: &Person, before: &FinalAnswer) -> Option<String> {
    for _attempt in 0..ATTEMPTS_MAX {
        match before.request.ask(person).await {
            AttemptResult::Final(after) => {
                let is_same =
                    after.replayed && after.status == before.status && after.body == before.body;
                return (!is_same).then(|| format!("{before:?} became {after:?}"));
            }
            AttemptResult::NotNow { .. } => tokio::time::sleep(PAUSE).await,
            AttemptResult::CutOff => return Some(format!("{before:?} is cut off now")),
        }
    }
    Some(format!("{before:?} is not repeated any more"))
}

async fn journal(scene: &BrokenBank) -> Vec<(String, Row)> {
    let rows = scene.staff().feed("/api/accounts/journal", 0, 1_000);
    rows.await.iter().map(row).collect()
}

fn row(row: &Value) -> (String, Row) {
    let id = match text(&row["kind"]) {
        "expiry" => expiry_of(text(&row["subject_id"])),
        _ => text(&row["id"]).to_owned(),
    };
    let row = Row {
        kind: text(&row["kind"]).to_owned(),
        status: text(&row["status"]).to_owned(),
        amount_cents: match list(&row["legs"]).first() {
            Some(leg) => cents(&leg["amount"]),
            None => cents(&row["amount"]),
        },
        entries: list(&row["entries"]).len(),
    };
    (id, row)
}

fn expiry_of(hold: &str) -> String {
    format!("expiry of {hold}")
}

async fn standing(scene: &BrokenBank, account: usize) -> Standing {
    let path = format!("/api/accounts/{}/balance", scene.accounts()[account]);
    let view = scene.staff().get(&path).await.expect(200);
    let standing = Standing {
        balance: cents(&view["balance"]),
        pending_debits: cents(&view["pending_debits"]),
        pending_credits: cents(&view["pending_credits"]),
    };
    let available = standing.balance - standing.pending_debits;
    assert_eq!(cents(&view["available"]), available, "{view}");
    standing
}
