//! K8 and K9: the host is killed while a standing order is made and its date is paid, and while the
//! order is ended and its date is cancelled. A date is paid once. After the 204 to its DELETE an
//! order pays nothing any more.

use std::collections::BTreeMap;
use std::time::Duration;

use strongroom_tests::{Person, Value, text, wait_for};

use super::{ORDERS, TICKS, in_lanes, places};
use crate::faults::books::ExpectedBooks;
use crate::faults::load::repeat_until_answered;
use crate::faults::request::{AttemptResult, KeyedRequest, RequestLine};
use crate::faults::scene::{BrokenBank, Kept};

const CENTS: i64 = 700;
/// How soon a date comes to its outcome: the tick comes about every second.
const OUTCOME_SECONDS_MAX: u64 = 20;
const PAUSE: Duration = Duration::from_millis(20);
/// How often an order's end is asked for before the test has failed.
const ATTEMPTS_MAX: usize = 500;
/// How often the ledger fails where it must until a DELETE comes: each tick asks it once.
const FAILURES: u32 = 6;

/// What is done with an order that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Paid,
    /// Its owner ends it after the ledger has failed once to pay it, so that its date is under way.
    Ended,
}

/// What the owner of an order hears of its end.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Done,
    NotNow,
    CutOff,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_cut_off_at_any_point_is_paid_once() {
    cut_off_everywhere(Fate::Paid).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_end_is_cut_off_at_any_point_pays_nothing_after_it() {
    cut_off_everywhere(Fate::Ended).await;
}

/// Where the ledger fails, the end is committed and not confirmed. Then the owner repeats it, or
/// the tick cancels the date.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_date_cannot_be_cancelled_says_so_and_pays_nothing() {
    let (mut scene, opening) = BrokenBank::open(2).await;
    let kept = scene.keep().await;
    let traps: Vec<String> = (1..=FAILURES).map(trap).collect();
    for repeats in [true, false] {
        scene.go_back_to(&kept);
        let plan = format!("after-start; {}", traps.join("; "));
        assert!(scene.fail(&plan).await, "{plan}: it serves");
        let mut order = Order::due(&scene, &opening);
        order.make(&scene).await;
        scene.bank.wait_until_fired().await;
        assert_eq!(order.end(&scene).await, Heard::NotNow);
        if !repeats {
            order.wait_for_outcome(&scene).await;
        }
        order.end_for_good(&scene).await;
        let run = order.account_for(&scene, Fate::Ended).await;
        assert_eq!(run["decline_code"], "cancelled", "{run}");
    }
}

async fn cut_off_everywhere(fate: Fate) {
    let (mut scene, opening) = BrokenBank::open(2).await;
    let kept = scene.keep().await;
    let mut places = loop {
        scene.go_back_to(&kept);
        let counts = fate.count(&mut scene, &opening).await;
        // Where a tick comes between the trap and the end, both ask the ledger: then it is counted
        // again.
        let asked = if fate == Fate::Paid { 1 } else { 2 };
        if counts["accounts:call.begin-query.before"] == asked {
            break places(&counts, ORDERS);
        }
    };
    // There the ledger traps before it could be killed.
    places.retain(|place| fate == Fate::Paid || !trap(1).ends_with(place));
    assert!(places.len() > 20, "{places:?}");
    in_lanes(&scene, places, |scene, places| {
        fate.cut_off(scene, &kept, opening.clone(), places)
    });
}

fn trap(at: u32) -> String {
    format!("trap store=accounts call=begin-query when=before at={at}")
}

impl Fate {
    fn plan(self, fault: &str) -> String {
        match self {
            Self::Paid => format!("after-start; {fault}"),
            Self::Ended => format!("after-start; {}; {fault}", trap(1)),
        }
    }

    /// How often each call is made where nothing cuts it off.
    async fn count(self, scene: &mut BrokenBank, opening: &ExpectedBooks) -> BTreeMap<String, u32> {
        assert!(scene.fail(&self.plan("count")).await, "it serves");
        let mut order = Order::due(scene, opening);
        order.make(scene).await;
        if self == Self::Ended {
            scene.bank.wait_until_fired().await;
            assert_eq!(order.end(scene).await, Heard::Done);
        }
        order.wait_for_outcome(scene).await;
        scene.stop().await;
        scene.bank.counts()
    }

    async fn cut_off(
        self,
        mut scene: BrokenBank,
        kept: &Kept,
        opening: ExpectedBooks,
        places: Vec<String>,
    ) {
        for place in places {
            scene.go_back_to(kept);
            let plan = self.plan(&format!("crash {place}"));
            assert!(scene.fail(&plan).await, "{plan}: it serves");
            let mut order = Order::due(&scene, &opening);
            order.make(&scene).await;
            if self == Self::Ended && order.is_made() {
                scene.bank.wait_until_fired().await;
                order.end_if_alive(&scene).await;
            }
            scene.bank.host.wait_for_exit().await;
            let fired = scene.bank.faults_fired();
            let has_crashed = fired.iter().any(|fault| fault.starts_with("crash"));
            assert!(has_crashed, "{plan} has happened: {fired:?}");
            scene.recover().await;
            if !order.is_made() {
                let request = vec![order.request.clone()];
                repeat_until_answered(&scene, &mut order.books, request).await;
            }
            match self {
                Self::Paid => order.wait_for_outcome(&scene).await,
                Self::Ended => order.end_for_good(&scene).await,
            }
            let run = order.account_for(&scene, self).await;
            println!("{self:?}: {place}: {}", run["status"]);
        }
    }
}

/// A standing order with one date, which is due, and what the bank must say of it.
struct Order {
    request: KeyedRequest,
    line: RequestLine,
    books: ExpectedBooks,
}

impl Order {
    fn due(scene: &BrokenBank, opening: &ExpectedBooks) -> Self {
        let line = RequestLine::transfer(0, 1, CENTS);
        Self {
            request: KeyedRequest::due_order(scene.accounts(), &line),
            line,
            books: opening.clone(),
        }
    }

    /// Has it made, if nothing comes in the way.
    async fn make(&mut self, scene: &BrokenBank) {
        match self.request.ask(&self.owner(scene)).await {
            AttemptResult::Final(outcome) => self.books.note(outcome),
            AttemptResult::CutOff => {}
            other @ AttemptResult::NotNow { .. } => panic!("{other:?}"),
        }
    }

    fn is_made(&self) -> bool {
        let mut outcomes = self.books.outcomes().iter();
        outcomes.any(|one| one.request.is_order())
    }

    fn owner(&self, scene: &BrokenBank) -> Person {
        scene.person(self.request.asker)
    }

    fn path(&self) -> String {
        let made = self.books.outcomes().last().expect("it was made");
        format!("/api/transactions/schedules/{}", made.id())
    }

    /// Asks once for its end.
    async fn end(&self, scene: &BrokenBank) -> Heard {
        let owner = self.owner(scene);
        let Ok(answer) = owner.delete(&self.path()).try_send().await else {
            return Heard::CutOff;
        };
        if answer.status == 503 {
            answer.refused(503, "service_unavailable");
            assert!(answer.header("retry-after").is_some(), "it may be repeated");
            return Heard::NotNow;
        }
        answer.expect_no_content();
        Heard::Done
    }

    /// Asks for its end until that is confirmed, or the host is gone.
    async fn end_if_alive(&self, scene: &BrokenBank) -> Heard {
        for _attempt in 0..ATTEMPTS_MAX {
            match self.end(scene).await {
                Heard::NotNow => tokio::time::sleep(PAUSE).await,
                heard => return heard,
            }
        }
        panic!("the end is not confirmed");
    }

    async fn end_for_good(&self, scene: &BrokenBank) {
        assert_eq!(self.end_if_alive(scene).await, Heard::Done);
    }

    /// What became of its date; null before that has begun.
    async fn run(&self, scene: &BrokenBank) -> Value {
        let order = self.owner(scene).get(&self.path()).await.expect(200);
        order["last_run"].clone()
    }

    async fn wait_for_outcome(&self, scene: &BrokenBank) {
        wait_for("the date's outcome", OUTCOME_SECONDS_MAX, async || {
            let run = self.run(scene).await;
            (run["status"] == "posted" || run["status"] == "declined").then_some(())
        })
        .await;
    }

    /// What became of the date stays so, and the bank is as that says. Returns it.
    async fn account_for(mut self, scene: &BrokenBank, fate: Fate) -> Value {
        let run = self.run(scene).await;
        tokio::time::sleep(TICKS).await;
        assert_eq!(self.run(scene).await, run);
        let expected = match (fate, run["status"].as_str()) {
            // It was ended before its date began.
            (Fate::Ended, None) => None,
            (Fate::Ended, Some("declined")) if run["decline_code"] == "cancelled" => Some(false),
            (_, Some("posted")) => Some(true),
            _ => panic!("{fate:?}: {run}"),
        };
        if let Some(is_paid) = expected {
            let id = text(&run["transaction_id"]).to_owned();
            self.books.enter(&self.line, id, is_paid);
        }
        assert_eq!(self.books.violations(scene).await, Vec::<String>::new());
        run
    }
}
