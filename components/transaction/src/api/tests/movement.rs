//! Goal: a hold ends once and in time, and what has moved is reversed once.

use super::*;

fn assert_declined(answered: &Answered, code: &str) {
    assert_eq!(outcome(answered), (422, code.to_owned()));
}

impl Bank {
    fn expire(&self) -> usize {
        let ledger = &self.service.ledger.ledger;
        strongroom_account::ledger::expire_holds(&ledger.store, &ledger.clock).unwrap()
    }
}

/// The named members of a document.
fn members(document: &Value, names: &[&str]) -> Value {
    let members = names
        .iter()
        .map(|name| ((*name).to_owned(), document[name].clone()));
    Value::Object(members.collect())
}

#[test]
fn a_hold_is_placed_captured_in_part_and_shows_it() {
    let bank = Bank::new();
    let held = bank.hold("h", "60").unwrap();
    let hold = id_of(&held);
    assert_eq!(
        members(
            &json_of(&held),
            &["type", "status", "expires_at", "posted_at"]
        ),
        json!({"type": "hold", "status": "pending", "expires_at": "2027-01-15T08:01:00.000Z", "posted_at": null})
    );
    assert_declined(&bank.send("s", "40.01"), "insufficient_funds");
    let captured = bank.capture("c", hold, Some("25")).unwrap();
    assert_eq!(captured.status, 201);
    assert_eq!(
        members(
            &json_of(&captured),
            &["type", "status", "hold_id", "amount"]
        ),
        json!({"type": "capture", "status": "posted", "hold_id": hold, "amount": "25.00"})
    );
    assert_eq!(
        members(
            &bank.seen(hold),
            &["status", "captured_amount", "resolved_by"]
        ),
        json!({"status": "posted", "captured_amount": "25.00", "resolved_by": id_of(&captured)})
    );
    assert_eq!(bank.bob_has(), 2_500);
    // What came of it is no part of the reply to the first request.
    assert_eq!(bank.hold("h", "60").unwrap(), repetition_of(&held));
}

#[test]
fn a_hold_ends_once_and_in_time() {
    let bank = Bank::new();
    let held = id_of(&bank.hold("h", "60").unwrap());
    assert_declined(
        &bank.capture("c1", held, Some("60.01")),
        "amount_exceeds_hold",
    );
    let voided = bank.void("v", held).unwrap();
    assert_eq!(json_of(&voided)["status"], "voided");
    assert_declined(&bank.void("v2", held), "already_voided");
    assert_declined(&bank.capture("c2", held, None), "already_voided");
    assert_eq!(bank.seen(held)["status"], "voided");

    let late = id_of(&bank.hold("l", "60").unwrap());
    bank.wait(60_000);
    assert_declined(&bank.capture("c3", late, None), "hold_expired");
    assert_eq!(bank.expire(), 1);
    assert_eq!(bank.seen(late)["status"], "expired");
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn only_the_payer_ends_a_hold() {
    let bank = Bank::new();
    let held = id_of(&bank.hold("h", "60").unwrap());
    let sent = id_of(&bank.send("s", "1").unwrap());
    let declined = id_of(&bank.hold("d", "1000").unwrap());
    for (who, id, status, code) in [
        (bob(), held, 404, "not_found"),
        (teller(), held, 404, "not_found"),
        (identity(ALICE, Role::Auditor), held, 403, "forbidden"),
        // A transfer is no hold.
        (alice(), sent, 404, "not_found"),
        (bob(), declined, 404, "not_found"),
        (teller(), declined, 404, "not_found"),
    ] {
        for call in [Call::Capture(id), Call::Void(id)] {
            let answered = bank.request(&who, call, "k", &json!({}));
            assert_eq!(outcome(&answered), (status, code.to_owned()), "{who:?}");
        }
    }
}

#[test]
fn a_declined_hold_says_why_it_has_no_end() {
    let bank = Bank::new();
    let declined = id_of(&bank.hold("d", "1000").unwrap());
    for call in [Call::Capture(declined), Call::Void(declined)] {
        let problem = bank.request(&alice(), call, "k", &json!({})).unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (422, "hold_declined")
        );
        assert!(problem.detail().contains("insufficient_funds"));
    }
}

#[test]
fn a_reversal_happens_once_by_staff_and_is_linked_both_ways() {
    let bank = Bank::new();
    let sent = id_of(&bank.send("s", "30").unwrap());
    for who in [alice(), auditor()] {
        let answered = bank.request(&who, Call::Reverse(sent), "r", &json!({}));
        assert_eq!(outcome(&answered), (403, "forbidden".to_owned()));
    }
    let reversed = bank.reverse("r", sent).unwrap();
    let reversal = id_of(&reversed);
    assert_eq!(json_of(&reversed)["reverses"], json!(sent));
    assert_eq!(
        members(&bank.seen(sent), &["status", "reversed_by"]),
        json!({"status": "reversed", "reversed_by": reversal})
    );
    assert_declined(&bank.reverse("r2", sent), "already_reversed");
    assert_declined(&bank.reverse("r3", reversal), "not_reversible");
    let declined = id_of(&bank.send("s2", "9999").unwrap());
    let pending = id_of(&bank.hold("h", "1").unwrap());
    for (key, unmoved) in [("r4", declined), ("r6", pending)] {
        assert_declined(&bank.reverse(key, unmoved), "not_reversible");
    }
    let answered = bank.reverse("r5", Uuid::from_u128(404));
    assert_eq!(outcome(&answered), (404, "not_found".to_owned()));
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn staff_alone_see_in_which_request_staff_acted() {
    let bank = Bank::new();
    let sent = id_of(&bank.send("s", "30").unwrap());
    let reversed = bank.reverse("r", sent).unwrap();
    let reversal = id_of(&reversed);
    assert!(!reversed.body.contains("request_id"));
    let seen = bank.seen_by(&auditor(), reversal).unwrap();
    assert_eq!(seen["request_id"], REQUEST_ID);
    for (who, id) in [(alice(), reversal), (auditor(), sent)] {
        assert_eq!(bank.seen_by(&who, id).unwrap().get("request_id"), None);
    }
}
