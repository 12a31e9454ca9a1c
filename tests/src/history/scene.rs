//! A bank, its people, and all that they asked and heard.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use uuid::Uuid;

use super::call::{Reply, Told, Wish, id};
use super::check::Checker;
use super::crew::{Crew, OwnedAsk, Shift};
use super::journal::{Row, events_of_bank, rows_of_bank};
use super::record::{Ask, Heard, History};
use super::traffic::{Town, Who, Wishes};
use super::words::{Currency, minor};
use crate::Bank;
use crate::bank::new_key;
use crate::json::text;

/// How long one login is good for, with some to spare: an access token lives for five minutes.
const LOGIN_MAX: Duration = Duration::from_secs(150);
/// How many answers are asked for again at the same time.
const REPEATED_AT_ONCE: usize = 64;
/// How many of the differences a failure prints.
const DIFFERENCES_MAX: usize = 10;

#[derive(Debug)]
pub struct Scene {
    pub bank: Bank,
    pub town: Arc<Town>,
    pub history: History,
    pub checker: Checker,
    /// What was answered, so that the answer stays the same.
    pub recorded: Vec<OwnedAsk>,
    pub(crate) logged_in: Instant,
}

impl Scene {
    /// With people as [`Town::open`] says.
    pub async fn open(bank: Bank, owners: usize, currencies: &[Currency]) -> Self {
        let history = History::default();
        let town = Town::open(&bank, &history, owners, currencies).await;
        Self {
            bank,
            town: Arc::new(town),
            history,
            checker: Checker::default(),
            recorded: Vec::new(),
            logged_in: Instant::now(),
        }
    }

    /// Asks once.
    pub async fn ask(&self, (who, ask): &OwnedAsk) -> Heard {
        self.history.ask(self.town.person(*who), ask).await
    }

    /// Asks for all at once, each on a connection of its own; returns what each hears, in order.
    pub async fn ask_at_once(&self, asks: impl IntoIterator<Item = OwnedAsk>) -> Vec<Heard> {
        let asking = asks.into_iter().map(|(who, ask)| {
            let (town, history) = (Arc::clone(&self.town), self.history.clone());
            tokio::spawn(async move { history.ask(town.person(who), &ask).await })
        });
        let mut heard = Vec::new();
        for one in Vec::from_iter(asking) {
            heard.push(one.await.expect("no client panics"));
        }
        heard
    }

    /// Asks until there is a final answer.
    pub async fn ask_until_answered(&self, (who, ask): &OwnedAsk) -> Reply {
        let person = self.town.person(*who);
        self.history.ask_until_answered(person, ask).await
    }

    /// Asks for something new that nothing stands in the way of.
    pub async fn do_once(&mut self, who: Who, wish: Wish) -> Reply {
        let request = (who, Ask::new(&new_key(), wish));
        let reply = self.ask_until_answered(&request).await;
        let is_done = reply.status == 201 && !reply.replayed;
        assert!(is_done, "{request:?}: {reply:?}");
        self.recorded.push(request);
        reply
    }

    /// Starts the binary without faults on the same data; returns after how long it serves.
    pub async fn restart(&mut self) -> Duration {
        let took = self.bank.host.restart().await;
        self.follow();
        self.renew_logins().await;
        took
    }

    /// Everybody speaks to the process that runs now.
    pub fn follow(&mut self) {
        self.town = Arc::new(self.town.at(&self.bank));
    }

    /// Logs everybody in again before their tokens are too old.
    pub async fn renew_logins(&mut self) {
        if self.logged_in.elapsed() > LOGIN_MAX {
            self.log_in_again().await;
        }
    }

    pub async fn log_in_again(&mut self) {
        let mut town = Town::clone(&self.town);
        town.log_in_again().await;
        self.town = Arc::new(town);
        self.logged_in = Instant::now();
    }

    /// The rows that no check has read.
    pub async fn new_rows(&self) -> Vec<Row> {
        rows_of_bank(&self.town.admin, self.checker.books.rows_seen()).await
    }

    /// Remembers what clients were answered. Only what names an account that is not there is
    /// refused for good.
    pub fn remember(&mut self, shifts: &[Shift]) {
        let known: HashSet<Uuid> = self.town.account_ids().collect();
        let is_known = |id: &Uuid| known.contains(id);
        let answered = || shifts.iter().flat_map(|shift| &shift.answered);
        for ((_, ask), reply) in answered() {
            let is_wrong = match (&*ask.wish, &reply.told) {
                (Wish::Batch { lines, .. }, Told::Batch(told)) => {
                    lines.iter().zip(told).any(|(line, told)| {
                        let whole = "batch_refused";
                        matches!(told, Told::Refused(code) if code != whole) && is_known(&line.to)
                    })
                }
                (
                    Wish::Transfer(line) | Wish::Hold(line, _) | Wish::Order(line, _),
                    Told::Refused(_),
                ) => is_known(&line.to),
                (Wish::Posting(legs), Told::Refused(_)) => {
                    let mut accounts = legs.iter().map(|leg| leg.account);
                    accounts.all(|id| id.is_some_and(|id| is_known(&id)))
                }
                (_, told) => matches!(told, Told::Refused(_)),
            };
            assert!(!is_wrong, "refused for good: {ask:?}: {reply:?}");
        }
        let recorded = answered().filter(|(_, reply)| reply.is_recorded());
        self.recorded
            .extend(recorded.map(|(request, _)| request.clone()));
    }

    /// All clients repeat what was not answered, and then ask a second time. `rows` are those that
    /// were new before. Returns what they want next, and of what was not answered, whether it was
    /// recorded.
    pub async fn repeat(&self, shifts: Vec<Shift>, rows: &[Row]) -> Vec<(Wishes, Option<bool>)> {
        let found: Arc<HashSet<Uuid>> = Arc::new(rows.iter().map(|row| row.id).collect());
        let mut repeating = JoinSet::new();
        for shift in shifts {
            let (mut wishes, unanswered) = (shift.wishes, shift.unanswered);
            let (town, history) = (Arc::clone(&self.town), self.history.clone());
            let found = Arc::clone(&found);
            repeating.spawn(async move {
                let Some((who, ask)) = unanswered else {
                    return (wishes, None);
                };
                let person = town.person(who);
                let (reply, is_first_try) = match history.ask(person, &ask).await {
                    Heard::Final(reply) => (reply, true),
                    _ => (history.ask_until_answered(person, &ask).await, false),
                };
                wishes.learn(who, &reply);
                let was_there = is_there(&reply, &found);
                // A try that had no answer may have been recorded.
                let is_right = reply.replayed == was_there || !is_first_try && reply.replayed;
                assert!(is_right, "{was_there}: {ask:?}: {reply:?}");
                if reply.is_recorded() {
                    let again = history.ask_until_answered(person, &ask).await;
                    let is_same = again.replayed && again.is_same(&reply);
                    assert!(is_same, "{ask:?}: {again:?}");
                }
                (wishes, Some(was_there))
            });
        }
        repeating.join_all().await
    }

    /// Lets clients end what they have begun, and returns what they want next.
    pub async fn end(&self, crew: Crew) -> Vec<Wishes> {
        let shifts = crew.end().await;
        let mut refusals = shifts.iter().flat_map(|shift| &shift.refusals);
        assert!(
            refusals.all(|(status, ..)| *status != 507),
            "the disk is not full"
        );
        // The journal has a rate, and mostly everything is answered.
        let rows = match shifts.iter().any(|shift| shift.unanswered.is_some()) {
            true => self.new_rows().await,
            false => Vec::new(),
        };
        let repeated = self.repeat(shifts, &rows).await;
        repeated.into_iter().map(|(wishes, _)| wishes).collect()
    }

    /// Asks again for what was answered. [`Self::differences`] compares the answers.
    pub async fn ask_again(&self, recorded: &[OwnedAsk]) {
        for some in recorded.chunks(REPEATED_AT_ONCE) {
            let mut repeating = JoinSet::new();
            for (who, ask) in some.iter().cloned() {
                let (town, history) = (Arc::clone(&self.town), self.history.clone());
                repeating.spawn(async move {
                    history.ask_until_answered(town.person(who), &ask).await;
                });
            }
            repeating.join_all().await;
        }
    }

    /// In what the bank, at rest, differs from the model, and from what was told since last time.
    pub async fn differences(&mut self) -> Vec<String> {
        let rows = self.new_rows().await;
        let events = events_of_bank(&self.town.admin, self.checker.books.events_seen()).await;
        self.checker.check(&self.history.take(), events, &rows);
        let violations = self.checker.violations.iter();
        let told = violations.map(|(rule, what)| format!("{rule:?}: {what}"));
        let mut differences = Vec::from_iter(told);
        let mut listed = 0;
        for owner in &self.town.owners {
            for account in owner.all("/api/accounts?limit=500").await {
                listed += 1;
                let expected = self.checker.books.model().account(id(&account["id"]));
                let expected = expected.map(|account| account.balance());
                if expected != Some(minor(text(&account["balance"]))) {
                    differences.push(format!("{account} should have {expected:?}"));
                }
            }
        }
        let accounts = self.town.account_ids().count();
        if listed < accounts {
            differences.push(format!("{listed} of {accounts} accounts are listed"));
        }
        differences
    }

    /// Asserts that there are none.
    pub async fn check(&mut self) {
        let differences = self.differences().await;
        let count = differences.len();
        let first = differences[..count.min(DIFFERENCES_MAX)].join("\n");
        assert!(count == 0, "{count}; the first:\n{first}");
    }

    /// `strongroom verify` finds nothing.
    pub fn verify(&self) {
        crate::command::verify(self.bank.folder()).assert_success();
    }
}

/// Whether the journal had the rows that an answer tells of: all of them, or none. It does not have
/// standing orders.
fn is_there(reply: &Reply, found: &HashSet<Uuid>) -> bool {
    if let Told::Made(_) = reply.told {
        return reply.replayed;
    }
    let decided = reply.told.decided();
    let there = decided.iter().filter(|one| found.contains(&one.id)).count();
    assert!([0, decided.len()].contains(&there), "half done: {reply:?}");
    there > 0
}
