//! The movements of money, the points that each passes, and the stage on which they are cut off.

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use strongroom_tests::Bank;

use crate::faults::books::ExpectedBooks;
use crate::faults::load::repeat_until_answered;
use crate::faults::request::{AttemptResult, FinalAnswer, KeyedRequest};
use crate::faults::scene::{BrokenBank, Kept};

const PAYER: usize = 0;
const PAYEE: usize = 1;
const CENTS: i64 = 2_500;
/// Longer than any test.
const HOLD_SECONDS: u32 = 3_600;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    Transfer,
    /// Of two entries.
    Posting,
    Hold,
    Capture,
    Void,
    Reversal,
    /// Of three transfers, all or none.
    Batch,
}

impl Movement {
    pub const ALL: [Self; 7] = [
        Self::Transfer,
        Self::Posting,
        Self::Batch,
        Self::Capture,
        Self::Hold,
        Self::Void,
        Self::Reversal,
    ];
}

/// The name of a place on the way of a movement: see the table of [`super`]. The transactions
/// service keeps nothing of one.
pub fn row(place: &str) -> &'static str {
    let words: Vec<&str> = place
        .split(' ')
        .filter_map(|word| word.split_once('='))
        .map(|(_, value)| value)
        .collect();
    match words.as_slice() {
        ["accounts", "begin-query", "before", "1"] => "K0",
        ["accounts", "commit-with", "after", "1"] => "K2",
        ["accounts", "begin-query" | "query" | "commit-with", ..] => "K1",
        _ => panic!("{place}: no movement passes it"),
    }
}

/// A bank that is put back before each point to the same moment: the payer has a hold to capture,
/// one to void, and a transfer to reverse.
pub struct Stage {
    pub scene: BrokenBank,
    kept: Kept,
    opening: ExpectedBooks,
    to_capture: FinalAnswer,
    to_void: FinalAnswer,
    to_reverse: FinalAnswer,
}

impl Stage {
    pub async fn set() -> Self {
        Self::set_in(Bank::start().await).await
    }

    /// The same in a bank that serves already.
    pub async fn set_in(bank: Bank) -> Self {
        let (mut scene, mut opening) = BrokenBank::open_in(bank, 2).await;
        let accounts = scene.accounts().to_vec();
        let prepared = [
            KeyedRequest::hold(&accounts, PAYER, PAYEE, CENTS, HOLD_SECONDS),
            KeyedRequest::hold(&accounts, PAYER, PAYEE, CENTS, HOLD_SECONDS),
            KeyedRequest::transfer(&accounts, PAYER, PAYEE, CENTS),
        ];
        for request in &prepared {
            scene.do_once(&mut opening, request).await;
        }
        let [.., to_capture, to_void, to_reverse] = opening.outcomes() else {
            panic!("three things are prepared");
        };
        let (to_capture, to_void) = (to_capture.clone(), to_void.clone());
        let to_reverse = to_reverse.clone();
        let kept = scene.keep().await;
        Self {
            scene,
            kept,
            opening,
            to_capture,
            to_void,
            to_reverse,
        }
    }

    /// A new request.
    pub fn request(&self, movement: Movement) -> KeyedRequest {
        let accounts = self.scene.accounts();
        match movement {
            Movement::Transfer => KeyedRequest::transfer(accounts, PAYER, PAYEE, CENTS),
            Movement::Posting => KeyedRequest::posting(accounts, PAYER, PAYEE, CENTS),
            Movement::Hold => KeyedRequest::hold(accounts, PAYER, PAYEE, CENTS, HOLD_SECONDS),
            Movement::Capture => KeyedRequest::capture(&self.to_capture, CENTS - 1),
            Movement::Void => KeyedRequest::void(&self.to_void),
            Movement::Reversal => KeyedRequest::reverse(&self.to_reverse),
            Movement::Batch => KeyedRequest::batch(accounts, PAYER, PAYEE, &[CENTS, 1, 2]),
        }
    }

    /// Puts everything back.
    pub fn put_back(&mut self) {
        self.scene.go_back_to(&self.kept);
    }

    /// Puts everything back, and starts a host with a plan.
    pub async fn begin(&mut self, plan: &str) {
        self.put_back();
        assert!(self.scene.fail(plan).await, "{plan}: it serves");
        self.scene.renew_logins().await;
    }

    /// Has a movement asked for once, of a host that the plan's one fault kills.
    pub async fn cut_off(
        &mut self,
        movement: Movement,
        plan: &str,
    ) -> (KeyedRequest, AttemptResult) {
        self.begin(plan).await;
        let request = self.request(movement);
        let reply = request.ask(&self.scene.person(request.asker)).await;
        let status = self.scene.bank.host.wait_for_exit().await;
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{status}");
        self.scene.assert_fired_once(plan);
        (request, reply)
    }

    /// Before and after each call of a movement, as they are counted where nothing cuts it off.
    pub async fn places(&mut self, movement: Movement) -> Vec<String> {
        self.begin("after-start; count").await;
        let request = self.request(movement);
        let reply = request.ask(&self.scene.person(request.asker)).await;
        assert!(matches!(reply, AttemptResult::Final(_)), "{reply:?}");
        self.scene.stop().await;
        super::places(&self.scene.bank.counts(), super::LEDGER)
    }

    /// Whether the request is recorded is known, or either may be (none). Retries until there is a
    /// response: the request is accepted, the response says whether that is a repetition, and the
    /// bank is as if nothing had been in its way.
    pub async fn assert_done_once(
        &self,
        request: KeyedRequest,
        is_recorded: Option<bool>,
    ) -> FinalAnswer {
        let mut books = self.opening.clone();
        let found = books.unanswered_in_journal(&self.scene).await;
        let is_recorded = is_recorded.unwrap_or(!found.is_empty());
        let lines = if is_recorded { request.lines.len() } else { 0 };
        assert_eq!(found.len(), lines, "{request:?}: {found:?}");
        repeat_until_answered(&self.scene, &mut books, vec![request]).await;
        let outcome = books.outcomes().last().expect("it was answered").clone();
        assert!(outcome.is_accepted(), "{outcome:?}");
        assert_eq!(outcome.replayed, is_recorded, "{outcome:?}");
        assert_eq!(books.violations(&self.scene).await, Vec::<String>::new());
        outcome
    }
}
