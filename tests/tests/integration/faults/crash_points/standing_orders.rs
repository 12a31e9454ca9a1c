//! K8 and K9: the host is killed while a standing order is made and its date is paid, and while the
//! order is ended and its date is cancelled. A date is paid once. After the 204 to its DELETE an
//! order pays nothing any more.

use std::collections::BTreeMap;

use strongroom_tests::bank::{day, new_key};
use strongroom_tests::faults::Kept;
use strongroom_tests::history::call::id;
use strongroom_tests::history::traffic::OPENING;
use strongroom_tests::history::{
    Ask, Decline, EUR, Heard, Kind, Line, Outcome, OwnedAsk, Reply, Scene, Who, Wish,
};
use strongroom_tests::{Value, wait_for, wait_until};

use super::{ORDERS, TICKS, in_lanes, places};
use crate::faults::scene;

const OWNER: Who = Who::Owner(0);
const CENTS: i64 = 700;
/// How soon a date comes to its outcome, or an order to its end: a tick comes about every second.
const OUTCOME_SECONDS_MAX: u64 = 20;
/// How often the ledger fails where it must until a DELETE comes: each tick asks it once.
const FAILURES: u32 = 6;

/// What is done with an order that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Paid,
    /// Its owner ends it after the ledger has failed once to pay it, so that its date is under way.
    Ended,
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
    let mut scene = scene(2).await;
    let kept = scene.keep().await;
    let traps: Vec<String> = (1..=FAILURES).map(trap).collect();
    for repeats in [true, false] {
        scene.go_back_to(&kept);
        let plan = format!("after-start; {}", traps.join("; "));
        assert!(scene.fail(&plan), "{plan}: it serves");
        let mut order = Order::due(&scene);
        order.make(&scene).await;
        scene.bank.wait_until_fired().await;
        assert_eq!(order.end(&scene).await, Some(503));
        if !repeats {
            order.wait_for_outcome(&scene).await;
        }
        order.end_for_good(&scene).await;
        let run = order.account_for(&scene, Fate::Ended).await;
        assert_eq!(run["decline_code"], "cancelled", "{run}");
    }
}

async fn cut_off_everywhere(fate: Fate) {
    let mut scene = scene(2).await;
    let kept = scene.keep().await;
    let mut places = loop {
        scene.go_back_to(&kept);
        let counts = fate.count(&mut scene).await;
        // Where a tick comes between the trap and the end, both ask the ledger.
        let asked = if fate == Fate::Paid { 1 } else { 2 };
        if counts["accounts:call.begin-query.before"] == asked {
            break places(&counts, ORDERS);
        }
    };
    // There the ledger traps before it could be killed.
    places.retain(|place| fate == Fate::Paid || !trap(1).ends_with(place));
    assert!(places.len() > 20, "{places:?}");
    in_lanes(&scene, places, |scene, places| {
        fate.cut_off(scene, &kept, places)
    });
}

fn trap(at: u32) -> String {
    format!("trap store=accounts call=begin-query when=before at={at}")
}

impl Fate {
    /// Has an order made by a host with this fault, and ended where that is its fate.
    async fn begin(self, scene: &mut Scene, fault: &str) -> Order {
        let plan = match self {
            Self::Paid => format!("after-start; {fault}"),
            Self::Ended => format!("after-start; {}; {fault}", trap(1)),
        };
        assert!(scene.fail(&plan), "{plan}: it serves");
        let mut order = Order::due(scene);
        order.make(scene).await;
        if self == Self::Ended && order.made.is_some() {
            scene.bank.wait_until_fired().await;
            order.end_if_alive(scene).await;
        }
        order
    }

    /// How often each call is made where nothing cuts it off.
    async fn count(self, scene: &mut Scene) -> BTreeMap<String, u32> {
        let order = self.begin(scene, "count").await;
        order.wait_for_outcome(scene).await;
        scene.stop().await;
        scene.bank.counts()
    }

    async fn cut_off(self, mut scene: Scene, kept: &Kept, places: Vec<String>) {
        for place in places {
            scene.go_back_to(kept);
            let mut order = self.begin(&mut scene, &format!("crash {place}")).await;
            scene.bank.host.wait_for_exit().await;
            let fired = scene.bank.faults_fired();
            let has_crashed = fired.iter().any(|fault| fault.starts_with("crash"));
            assert!(has_crashed, "{place}: {fired:?}");
            scene.recover().await;
            if order.made.is_none() {
                order.made = Some(scene.ask_until_answered(&order.request).await);
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

/// A standing order with one date, which is due.
struct Order {
    request: OwnedAsk,
    line: Line,
    /// What its owner was told, if anything.
    made: Option<Reply>,
}

impl Order {
    fn due(scene: &Scene) -> Self {
        let [from, to] = scene.town.accounts();
        let line = Line::eur(from, to, CENTS);
        let ask = Ask::new(&new_key(), Wish::Order(line, day(0)));
        Self {
            request: (OWNER, ask),
            line,
            made: None,
        }
    }

    /// Has it made, if nothing comes in the way.
    async fn make(&mut self, scene: &Scene) {
        self.made = match scene.ask(&self.request).await {
            Heard::Final(reply) => Some(reply),
            Heard::Silence => None,
            Heard::NotYet(status, code) => panic!("{status} {code}"),
        };
    }

    fn path(&self) -> String {
        self.made.as_ref().expect("it was made").order_path()
    }

    /// Asks once for its end: 204, or 503 for the moment; none if the host is gone.
    async fn end(&self, scene: &Scene) -> Option<u16> {
        let owner = scene.town.person(OWNER);
        let answer = owner.delete(&self.path()).try_send().await.ok()?;
        if answer.status == 503 {
            answer.refused(503, "service_unavailable");
            assert!(answer.header("retry-after").is_some(), "it may be repeated");
        } else {
            answer.expect_no_content();
        }
        Some(answer.status)
    }

    /// Asks for its end until that is confirmed, or the host is gone.
    async fn end_if_alive(&self, scene: &Scene) -> Option<u16> {
        wait_for("the end", OUTCOME_SECONDS_MAX, async || {
            let status = self.end(scene).await;
            (status != Some(503)).then_some(status)
        })
        .await
    }

    async fn end_for_good(&self, scene: &Scene) {
        assert_eq!(self.end_if_alive(scene).await, Some(204));
    }

    /// What became of its date; null before that has begun.
    async fn run(&self, scene: &Scene) -> Value {
        let order = scene.town.person(OWNER).read(&self.path()).await;
        order["last_run"].clone()
    }

    async fn wait_for_outcome(&self, scene: &Scene) {
        wait_until("the date's outcome", OUTCOME_SECONDS_MAX, async || {
            let run = self.run(scene).await;
            run["status"] == "posted" || run["status"] == "declined"
        })
        .await;
    }

    /// What became of the date stays so, and the bank is as that says. Returns it.
    async fn account_for(&self, scene: &Scene, fate: Fate) -> Value {
        let run = self.run(scene).await;
        tokio::time::sleep(TICKS).await;
        assert_eq!(self.run(scene).await, run);
        let again = scene.ask_until_answered(&self.request).await;
        let made = self.made.as_ref().expect("it was made");
        assert!(again.replayed && again.is_same(made), "{again:?}: {made:?}");
        let expected = match (fate, run["status"].as_str()) {
            // It was ended before its date began.
            (Fate::Ended, None) => None,
            (Fate::Ended, Some("declined")) if run["decline_code"] == "cancelled" => {
                Some((Outcome::Declined(Decline::Cancelled), 0))
            }
            (_, Some("posted")) => Some((Outcome::Posted, 2_usize)),
            _ => panic!("{fate:?}: {run}"),
        };
        let Line { from, to, .. } = self.line;
        let sides = (Some(from), Some(to), CENTS);
        let expected = expected.map(|(outcome, entries)| {
            let id = id(&run["transaction_id"]);
            (id, Kind::Transfer, outcome, sides, entries)
        });
        let rows = scene.new_rows().await;
        let found = rows.iter().map(|row| {
            let sides = (row.debit, row.credit, row.amount);
            (row.id, row.kind, row.outcome, sides, row.entries.len())
        });
        assert_eq!(Vec::from_iter(found), Vec::from_iter(expected));
        let paid = if run["status"] == "posted" { CENTS } else { 0 };
        for (account, balance) in [(from, OPENING - paid), (to, OPENING + paid)] {
            let found = scene.town.admin.balance(&account.to_string()).await;
            assert_eq!(found, EUR.decimal(balance), "{run}");
        }
        scene.verify();
        run
    }
}
