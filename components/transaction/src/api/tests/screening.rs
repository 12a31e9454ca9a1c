//! Goal: behind a screening no money moves without its consent, whatever crashes, repeats, or does not answer; and a screening that is
//! down holds up nothing that was decided.
//! Method: the bank of the tests above, with a screening whose answer each test sets.

use super::*;
use crate::screening::{NotScreened, Screened, Screening, Verdict};

const DENIED: (u16, &str) = (422, "screening_denied");

#[derive(Clone)]
struct FixedScreening {
    answer: Rc<RefCell<Result<Verdict, NotScreened>>>,
    asked: Rc<Cell<usize>>,
}

impl Screening for FixedScreening {
    fn check(&self, _: &Transfer) -> Result<Verdict, NotScreened> {
        self.asked.set(self.asked.get() + 1);
        self.answer.borrow().clone()
    }
}

struct ScreenedBank {
    bank: Bank,
    service: Service<SqliteStore, Screened<LocalLedger, FixedScreening>, TestClock>,
}

fn screened_bank() -> ScreenedBank {
    let bank = bank();
    let screening = FixedScreening {
        answer: Rc::new(RefCell::new(Ok(Verdict::Allowed))),
        asked: Rc::default(),
    };
    let service = Service {
        store: bank.service.store.clone(),
        ledger: Screened {
            ledger: bank.service.ledger.clone(),
            screening,
        },
        clock: bank.service.clock.clone(),
        intent_deadline_ms: DEADLINE_MS,
    };
    ScreenedBank { bank, service }
}

impl ScreenedBank {
    fn send(&self, key_text: &str, amount: &str) -> Answered {
        let body: TransferBody = serde_json::from_value(self.bank.body(amount)).unwrap();
        transfer(&self.service, &alice(), key(key_text), body)
    }

    fn allow(&self) {
        *self.service.ledger.screening.answer.borrow_mut() = Ok(Verdict::Allowed);
    }

    fn deny(&self) {
        let verdict = Verdict::Denied("amount_over_limit".to_owned());
        *self.service.ledger.screening.answer.borrow_mut() = Ok(verdict);
    }

    fn be_down(&self) {
        let down = NotScreened("down".to_owned());
        *self.service.ledger.screening.answer.borrow_mut() = Err(down);
    }

    fn asked(&self) -> usize {
        self.service.ledger.screening.asked.get()
    }

    fn tick(&self) -> recover::Sweep {
        recover::tick(
            &self.service.store,
            &self.service.ledger,
            &self.service.clock,
        )
        .unwrap()
    }

    /// What the client is told of a decline: status and code, and the whole body.
    fn decline(&self, answered: Answered) -> ((u16, String), String) {
        let content = answered.unwrap().content;
        let body: Value = serde_json::from_str(&content.body).unwrap();
        let code = body["code"].as_str().unwrap().to_owned();
        ((content.status, code), content.body)
    }
}

fn denied() -> (u16, String) {
    (DENIED.0, DENIED.1.to_owned())
}

#[test]
fn what_is_allowed_is_posted_and_asked_about_once() {
    let screened = screened_bank();
    let first = screened.send("k", "1").unwrap();
    screened.be_down();
    let again = screened.send("k", "1").unwrap();
    assert_eq!((first.content.status, again.replayed), (201, true));
    assert_eq!(first.content, again.content);
    assert_eq!((screened.bank.bob_has(), screened.asked()), (100, 1));
}

#[test]
fn a_denial_moves_nothing_and_stays_a_denial_whatever_is_forgotten() {
    let screened = screened_bank();
    screened.deny();
    let (first, body) = screened.decline(screened.send("k", "1"));
    assert_eq!(first, denied());
    assert!(
        !body.contains("amount_over_limit"),
        "the rule is not told: {body}"
    );
    // Later the screening would allow it: this key stays denied, by the stored answer and, without that, by the ledger.
    screened.allow();
    assert_eq!(
        screened.decline(screened.send("k", "1")),
        (denied(), body.clone())
    );
    screened
        .service
        .store
        .begin()
        .and_then(|transaction| {
            transaction.execute("DELETE FROM intent", &[])?;
            transaction.commit()
        })
        .unwrap();
    assert_eq!(screened.decline(screened.send("k", "1")), (denied(), body));
    assert_eq!(
        screened.bank.bob_has(),
        0,
        "the ledger is sound and nothing moved"
    );
    // A new wish is a new question.
    assert_eq!(screened.send("k2", "1").unwrap().content.status, 201);
}

#[test]
fn only_staff_see_which_rule_has_denied() {
    let screened = screened_bank();
    screened.deny();
    let body = screened.decline(screened.send("k", "1")).1;
    let body: Value = serde_json::from_str(&body).unwrap();
    let id = Uuid::parse_str(body["transaction_id"].as_str().unwrap()).unwrap();
    let seen_by = |viewer: &Identity| {
        serde_json::to_value(get(&screened.service, viewer, id).unwrap()).unwrap()
    };
    let (alice, teller) = (seen_by(&alice()), seen_by(&identity(TELLER, Role::Teller)));
    for view in [&alice, &teller] {
        assert_eq!(
            (&view["status"], &view["decline_code"]),
            (&json!("declined"), &json!("screening_denied"))
        );
    }
    assert_eq!(alice["metadata"], Value::Null);
    assert_eq!(
        teller["metadata"],
        json!({"screening": {"denied_by": "amount_over_limit"}})
    );
}

#[test]
fn without_a_verdict_nothing_moves_then_or_later_and_the_same_key_may_be_tried_again() {
    let screened = screened_bank();
    screened.be_down();
    for _attempt in 0..3 {
        assert_eq!(
            refusal(screened.send("k", "1")),
            (503, "service_unavailable")
        );
    }
    assert_eq!(screened.bank.service.ledger.posts.get(), 1, "the opening's");
    screened.allow();
    screened.bank.wait(10_000);
    assert_eq!(
        screened.tick(),
        recover::Sweep::default(),
        "nothing was kept"
    );
    assert_eq!(screened.bank.bob_has(), 0);
    let answer = screened.send("k", "1").unwrap();
    assert_eq!((answer.content.status, answer.replayed), (201, false));
    assert_eq!(screened.bank.bob_has(), 100);
}

#[test]
fn what_was_posted_is_told_although_the_screening_is_down_or_denies_now() {
    let screened = screened_bank();
    for (key_text, later) in [
        ("a", ScreenedBank::be_down as fn(&ScreenedBank)),
        ("b", ScreenedBank::deny),
    ] {
        screened.allow();
        screened.bank.cut(Cut::After);
        assert_eq!(
            refusal(screened.send(key_text, "1")),
            (503, "service_unavailable")
        );
        screened.bank.cut(Cut::Nowhere);
        later(&screened);
        let answer = screened.send(key_text, "1").unwrap();
        assert_eq!((answer.content.status, answer.replayed), (201, true));
    }
    assert_eq!(screened.bank.bob_has(), 200);
}

#[test]
fn recovery_asks_a_screening_that_is_down_once_and_settles_what_was_decided() {
    let screened = screened_bank();
    // What crashes leave: five intents that nobody has decided, and behind them one that was posted.
    screened.bank.cut(Cut::Before);
    for number in 0..5 {
        refusal(screened.send(&format!("open-{number}"), "1"));
    }
    screened.bank.cut(Cut::After);
    screened.bank.wait(1);
    refusal(screened.send("posted", "1"));
    screened.bank.cut(Cut::Nowhere);
    screened.be_down();
    screened.bank.wait(10_000);
    let asked = screened.asked();
    let sweep = screened.tick();
    assert_eq!((sweep.settled, sweep.failed), (1, 5));
    assert_eq!(screened.asked() - asked, 1);
    assert_eq!(screened.bank.bob_has(), 100);

    // These were accepted before: they go on by themselves when there are verdicts again.
    screened.allow();
    screened.bank.wait(10_000);
    let sweep = screened.tick();
    assert_eq!((sweep.settled, sweep.failed), (5, 0));
    assert_eq!(screened.bank.bob_has(), 600);
}

#[test]
fn past_its_deadline_an_intent_is_given_up_without_a_verdict() {
    let screened = screened_bank();
    screened.bank.cut(Cut::Before);
    refusal(screened.send("k", "1"));
    screened.bank.cut(Cut::Nowhere);
    screened.be_down();
    screened.bank.wait(DEADLINE_MS);
    assert_eq!(screened.tick().settled, 1);
    let (code, _) = screened.decline(screened.send("k", "1"));
    assert_eq!(code, (422, "cancelled".to_owned()));
    assert_eq!(screened.bank.bob_has(), 0);
}

#[test]
fn a_denial_that_a_crash_cuts_off_is_a_denial_afterwards() {
    let screened = screened_bank();
    screened.deny();
    screened.bank.cut(Cut::After);
    assert_eq!(
        refusal(screened.send("k", "1")),
        (503, "service_unavailable")
    );
    screened.bank.cut(Cut::Nowhere);
    screened.be_down();
    screened.bank.wait(10_000);
    assert_eq!(screened.tick().settled, 1);
    assert_eq!(screened.decline(screened.send("k", "1")).0, denied());
    assert_eq!(screened.bank.bob_has(), 0);
}
