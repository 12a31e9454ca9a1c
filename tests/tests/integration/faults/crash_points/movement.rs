//! The movements of money, the points that each passes, and the stage on which they are cut off.

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use strongroom_tests::Bank;
use strongroom_tests::bank::new_key;
use strongroom_tests::faults::Kept;
use strongroom_tests::history::journal::Leg;
use strongroom_tests::history::words::Direction;
use strongroom_tests::history::{Ask, EUR, Heard, Line, OwnedAsk, Reply, Scene, Who, Wish};
use uuid::Uuid;

const PAYER: Who = Who::Owner(0);
/// Four times and a little more, the payer has it.
const CENTS: i64 = 2_000;
/// Longer than any test.
const HOLD_SECONDS: u32 = 3_600;

/// What somebody asks for.
pub type Movement = (Who, Wish);

/// The name of a place on the way of a movement, which only the ledger keeps: see [`super`].
pub fn row(place: &str) -> &'static str {
    let words = place.split(' ').filter_map(|word| word.split_once('='));
    match Vec::from_iter(words.map(|(_, value)| value)).as_slice() {
        ["accounts", "begin-query", "before", "1"] => "K0",
        ["accounts", "commit-with", "after", "1"] => "K2",
        ["accounts", "begin-query" | "query" | "commit-with", ..] => "K1",
        _ => panic!("{place}: no movement passes it"),
    }
}

/// A bank that is put back before each point to the same moment: the payer has a hold to capture,
/// one to void, and a transfer to reverse.
pub struct Stage {
    pub scene: Scene,
    pub kept: Kept,
    /// From the payer to the payee.
    line: Line,
    /// Of the holds to capture and to void, and of the transfer.
    ids: [Uuid; 3],
}

impl Stage {
    pub async fn set(bank: Bank) -> Self {
        let mut scene = Scene::open(bank, 2, &[EUR]).await;
        let [from, to] = scene.town.accounts();
        let line = Line::eur(from, to, CENTS);
        let hold = Wish::Hold(line, HOLD_SECONDS);
        let mut ids = [Uuid::nil(); 3];
        let wishes = [hold.clone(), hold, Wish::Transfer(line)];
        for (id, wish) in ids.iter_mut().zip(wishes) {
            *id = scene.do_once(PAYER, wish).await.told.decided()[0].id;
        }
        Self {
            kept: scene.keep().await,
            scene,
            line,
            ids,
        }
    }

    /// A transfer, the same as a posting, a batch, a capture, a hold, a void, and a reversal.
    pub fn movements(&self) -> [Movement; 7] {
        let line = self.line;
        let [to_capture, to_void, to_reverse] = self.ids;
        let lines = [CENTS, 1, 2].map(|amount| Line { amount, ..line });
        let capture = Wish::Capture(to_capture, Some((CENTS - 1, EUR)));
        [
            (PAYER, Wish::Transfer(line)),
            (PAYER, Wish::Posting(legs(line))),
            (PAYER, Wish::atomic_batch(lines.to_vec())),
            (PAYER, capture),
            (PAYER, Wish::Hold(line, HOLD_SECONDS)),
            (PAYER, Wish::Void(to_void)),
            (Who::Admin, Wish::Reverse(to_reverse)),
        ]
    }

    /// Puts everything back, and starts a host with a plan.
    pub async fn begin(&mut self, plan: &str) {
        self.scene.go_back_to(&self.kept);
        assert!(self.scene.fail(plan), "{plan}: it serves");
        self.scene.renew_logins().await;
    }

    /// Has a movement asked for once, of a host that the plan's one fault kills.
    pub async fn cut_off(&mut self, movement: &Movement, plan: &str) -> OwnedAsk {
        self.begin(plan).await;
        let request = request(movement);
        let heard = self.scene.ask(&request).await;
        assert!(matches!(heard, Heard::Silence), "{plan}: {heard:?}");
        let status = self.scene.bank.host.wait_for_exit().await;
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{status}");
        assert_eq!(self.scene.bank.faults_fired().len(), 1, "{plan}");
        request
    }

    /// Before and after each call of a movement, as they are counted where nothing cuts it off.
    pub async fn places(&mut self, movement: &Movement) -> Vec<String> {
        self.begin("after-start; count").await;
        self.scene.ask(&request(movement)).await.reply();
        self.scene.stop().await;
        super::places(&self.scene.bank.counts(), super::LEDGER)
    }

    /// Retries until there is a response: the request is accepted, the response says whether that
    /// is a repetition, and the bank is as if nothing had been in its way.
    pub async fn assert_done_once(&mut self, request: OwnedAsk, is_recorded: bool) -> Reply {
        let found = self.scene.new_rows().await;
        let rows = match &*request.1.wish {
            _ if !is_recorded => 0,
            Wish::Batch { lines, .. } => lines.len(),
            _ => 1,
        };
        assert_eq!(found.len(), rows, "{request:?}: {found:?}");
        let reply = self.scene.ask_until_answered(&request).await;
        let told = (reply.status, reply.replayed);
        assert_eq!(told, (201, is_recorded), "{reply:?}");
        self.scene.recorded.push(request);
        assert_eq!(self.scene.violations().await, Vec::<String>::new());
        reply
    }
}

/// A new request.
pub fn request((who, wish): &Movement) -> OwnedAsk {
    (*who, Ask::new(&new_key(), wish.clone()))
}

fn legs(line: Line) -> Vec<Leg> {
    let sides = [(line.from, Direction::Debit), (line.to, Direction::Credit)];
    let leg = |(account, side)| Leg::new(account, side, line.amount, line.currency);
    sides.map(leg).to_vec()
}
