//! The movements of money, the calls into the stores that each consists of, and the stage on which they are cut off.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;

use crate::books::Books;
use crate::load::repeat_until_answered;
use crate::request::{Outcome, Reply, Request};
use crate::scene::{Kept, Scene};

const PAYER: usize = 0;
const PAYEE: usize = 1;
const CENTS: i64 = 2_500;
/// Longer than any test.
const HOLD_SECONDS: u32 = 3_600;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    Transfer,
    Hold,
    Capture,
    Void,
    Reversal,
    /// Of three transfers, all or none.
    Batch,
}

/// A kind of call: store and call, in the words of a plan.
pub type Call = (&'static str, &'static str);

/// Those that write, and those that are made on the way to it. The ones that only read are left out: every tick makes some.
pub const CALLS: [Call; 8] = [
    ("transactions", "begin"),
    ("transactions", "execute"),
    ("transactions", "commit"),
    ("transactions", "commit-later"),
    ("accounts", "begin"),
    ("accounts", "query"),
    ("accounts", "execute"),
    ("accounts", "commit"),
];

impl Movement {
    pub const ALL: [Self; 6] = [
        Self::Transfer,
        Self::Hold,
        Self::Capture,
        Self::Void,
        Self::Reversal,
        Self::Batch,
    ];
}

/// Before and after each of these calls, as often as it was counted; in the words of a plan.
pub fn places(counts: &BTreeMap<String, u32>, calls: &[Call]) -> Vec<String> {
    let mut places = Vec::new();
    for (store, call) in calls {
        for when in ["before", "after"] {
            for at in 1..=counts[&format!("{store}:call.{call}.{when}")] {
                places.push(format!("store={store} call={call} when={when} at={at}"));
            }
        }
    }
    places
}

/// The name of a place on the way of a movement: see the table of [`super`].
pub fn row(place: &str) -> &'static str {
    let words: Vec<&str> = place
        .split(' ')
        .filter_map(|word| word.split_once('='))
        .map(|(_, value)| value)
        .collect();
    match words.as_slice() {
        ["transactions", "begin" | "execute", _, "1"] => "K0",
        ["transactions", "commit", "before", _] => "K0",
        ["transactions", "commit", "after", _] => "K1",
        ["accounts", "begin", "before", _] => "K1",
        ["accounts", "commit", "after", _] => "K3",
        ["accounts", ..] => "K2",
        ["transactions", "commit-later", "after", _] => "K4",
        ["transactions", "begin" | "execute" | "commit-later", ..] => "K3",
        _ => panic!("{place}: no movement passes it"),
    }
}

/// A bank that is put back before each point to the same moment: the payer has a hold to capture, one to void, and a transfer to reverse.
pub struct Stage {
    pub scene: Scene,
    kept: Kept,
    opening: Books,
    to_capture: Outcome,
    to_void: Outcome,
    to_reverse: Outcome,
}

impl Stage {
    pub async fn set() -> Self {
        let (mut scene, mut opening) = Scene::open(2).await;
        let accounts = scene.accounts().to_vec();
        let sides = (PAYER, PAYEE);
        let prepared = [
            Request::hold(&accounts, sides, CENTS, HOLD_SECONDS),
            Request::hold(&accounts, sides, CENTS, HOLD_SECONDS),
            Request::transfer(&accounts, PAYER, PAYEE, CENTS),
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
    pub fn request(&self, movement: Movement) -> Request {
        let accounts = self.scene.accounts();
        match movement {
            Movement::Transfer => Request::transfer(accounts, PAYER, PAYEE, CENTS),
            Movement::Hold => Request::hold(accounts, (PAYER, PAYEE), CENTS, HOLD_SECONDS),
            Movement::Capture => Request::capture(&self.to_capture, CENTS - 1),
            Movement::Void => Request::void(&self.to_void),
            Movement::Reversal => Request::reverse(&self.to_reverse),
            Movement::Batch => Request::batch(accounts, PAYER, PAYEE, &[CENTS, 1, 2]),
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
    pub async fn cut_off(&mut self, movement: Movement, plan: &str) -> (Request, Reply) {
        self.begin(plan).await;
        let request = self.request(movement);
        let reply = request.ask(&self.scene.person(request.asker)).await;
        let status = self.scene.bank.host.wait_for_exit().await;
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{status}");
        assert_eq!(
            self.scene.bank.faults_fired().len(),
            1,
            "{plan} has happened"
        );
        (request, reply)
    }

    /// Before and after each call of a movement, as they are counted where nothing cuts it off.
    pub async fn places(&mut self, movement: Movement) -> Vec<String> {
        self.begin("after-start; count").await;
        let request = self.request(movement);
        let reply = request.ask(&self.scene.person(request.asker)).await;
        assert!(matches!(reply, Reply::Final(_)), "{reply:?}");
        self.scene.stop().await;
        places(&self.scene.bank.counts(), &CALLS)
    }

    /// Repeats the request until it is answered, if it was not: it is accepted, and the bank is as if nothing had been in its way.
    pub async fn assert_done_once(&self, request: Request, reply: Reply) {
        let mut books = self.opening.clone();
        match reply {
            Reply::Final(outcome) => books.note(outcome),
            Reply::NotNow { .. } | Reply::CutOff => {
                repeat_until_answered(&self.scene, &mut books, vec![request]).await;
            }
        }
        assert!(books.outcomes().iter().all(Outcome::is_accepted));
        assert_eq!(books.violations(&self.scene).await, Vec::<String>::new());
    }
}
