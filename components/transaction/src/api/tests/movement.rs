//! Goal: holds, reversals, and batches keep every promise that transfers keep.
//! Method: the bank of the tests above.

use super::*;
use crate::request::{BatchBody, CaptureBody, HoldBody, ReverseBody};

impl Bank {
    pub(super) fn hold(&self, key_text: &str, amount: &str) -> Answered {
        let mut body = self.body(amount);
        body["expires_in"] = json!(60);
        let body: HoldBody = serde_json::from_value(body).unwrap();
        hold(&self.service, &alice(), key(key_text), body)
    }

    pub(super) fn capture(&self, key_text: &str, id: Uuid, amount: Option<&str>) -> Answered {
        let body: CaptureBody = serde_json::from_value(match amount {
            Some(amount) => json!({"amount": amount}),
            None => json!({}),
        })
        .unwrap();
        capture(&self.service, &alice(), key(key_text), id, body)
    }

    pub(super) fn reverse(&self, key_text: &str, id: Uuid) -> Answered {
        reverse(
            &self.service,
            &teller(),
            RequestId(Some("r-7".to_owned())),
            key(key_text),
            id,
            ReverseBody::default(),
        )
    }

    fn deposit_to(&self, account_id: Uuid) -> Answered {
        let body = json!({"account_id": account_id, "amount": "1", "currency": "EUR"});
        let body: DepositBody = serde_json::from_value(body).unwrap();
        let request_id = RequestId(Some("r-8".to_owned()));
        deposit(&self.service, &teller(), request_id, key("d"), body)
    }

    pub(super) fn batch(&self, key_text: &str, atomic: bool, amounts: &[&str]) -> Answered {
        let lines = amounts.iter().map(|amount| self.body(amount)).collect();
        self.batch_of(key_text, atomic, lines)
    }

    pub(super) fn batch_of(&self, key_text: &str, atomic: bool, lines: Vec<Value>) -> Answered {
        // As text, as the lines are kept as they are written.
        let body = json!({"transfers": lines, "atomic": atomic}).to_string();
        let body: BatchBody = serde_json::from_str(&body).unwrap();
        batch(&self.service, &alice(), key(key_text), body)
    }

    fn seen(&self, id: Uuid) -> Value {
        serde_json::to_value(get(&self.service, &alice(), id).unwrap()).unwrap()
    }

    pub(super) fn expire(&self) -> usize {
        let ledger = &self.service.ledger;
        account_ledger::expire_holds(&ledger.store, &ledger.clock).unwrap()
    }
}

pub(super) fn id_of(answer: &crate::drive::Answer) -> Uuid {
    serde_json::from_value(json_of(answer)["id"].clone()).unwrap()
}

fn decline_of(answered: Answered) -> (u16, Value) {
    let answer = answered.unwrap();
    (answer.content.status, json_of(&answer)["code"].clone())
}

#[test]
fn a_hold_is_placed_captured_in_part_and_shows_it() {
    let bank = bank();
    let held = bank.hold("h", "60").unwrap();
    let body = json_of(&held);
    assert_eq!(
        (
            &body["type"],
            &body["status"],
            &body["expires_at"],
            &body["posted_at"]
        ),
        (
            &json!("hold"),
            &json!("pending"),
            &json!("2027-01-15T08:01:00.000Z"),
            &json!(null)
        )
    );
    assert_eq!(
        decline_of(bank.send("s", "40.01")),
        (422, json!("insufficient_funds"))
    );
    let captured = bank.capture("c", id_of(&held), Some("25")).unwrap();
    let body = json_of(&captured);
    assert_eq!(
        (
            captured.content.status,
            &body["type"],
            &body["status"],
            &body["hold_id"],
            &body["amount"]
        ),
        (
            201,
            &json!("capture"),
            &json!("posted"),
            &json!(id_of(&held)),
            &json!("25.00")
        )
    );
    let seen = bank.seen(id_of(&held));
    assert_eq!(
        (
            &seen["status"],
            &seen["captured_amount"],
            &seen["resolved_by"]
        ),
        (&json!("posted"), &json!("25.00"), &json!(id_of(&captured)))
    );
    assert_eq!(bank.bob_has(), 2_500);
    // The answers are made of the journal's rows, which never change.
    bank.wait(31 * 24 * 3_600 * 1_000);
    bank.tick();
    assert_eq!(bank.hold("h", "60").unwrap().content, held.content);
    assert_eq!(
        bank.capture("c", id_of(&held), Some("25.00"))
            .unwrap()
            .content,
        captured.content
    );
}

#[test]
fn a_hold_ends_once_and_in_time() {
    let bank = bank();
    let held = id_of(&bank.hold("h", "60").unwrap());
    assert_eq!(
        decline_of(bank.capture("c1", held, Some("60.01"))),
        (422, json!("amount_exceeds_hold"))
    );
    let voided = void(&bank.service, &alice(), key("v"), held).unwrap();
    assert_eq!(
        (voided.content.status, &json_of(&voided)["status"]),
        (201, &json!("voided"))
    );
    assert_eq!(
        decline_of(void(&bank.service, &alice(), key("v2"), held)),
        (422, json!("already_voided"))
    );
    assert_eq!(
        decline_of(bank.capture("c2", held, None)),
        (422, json!("already_voided"))
    );
    assert_eq!(bank.seen(held)["status"], "voided");

    let late = id_of(&bank.hold("l", "60").unwrap());
    bank.wait(60_000);
    assert_eq!(
        decline_of(bank.capture("c3", late, None)),
        (422, json!("hold_expired"))
    );
    assert_eq!(bank.expire(), 1);
    assert_eq!(bank.seen(late)["status"], "expired");
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn only_the_payer_ends_a_hold() {
    let bank = bank();
    let held = id_of(&bank.hold("h", "60").unwrap());
    for who in [identity(BOB, Role::Customer), teller()] {
        let captured = capture(&bank.service, &who, key("c"), held, CaptureBody::default());
        assert_eq!(refusal(captured), (404, "not_found"));
        assert_eq!(
            refusal(void(&bank.service, &who, key("v"), held)),
            (404, "not_found")
        );
    }
    let auditor = identity(ALICE, Role::Auditor);
    assert_eq!(
        refusal(void(&bank.service, &auditor, key("v"), held)),
        (403, "forbidden")
    );
    // A transfer is no hold.
    let sent = id_of(&bank.send("s", "1").unwrap());
    assert_eq!(refusal(bank.capture("c", sent, None)), (404, "not_found"));
}

#[test]
fn a_capture_that_is_cut_off_is_finished_once() {
    for cut in [Cut::Before, Cut::After] {
        let bank = bank();
        let held = id_of(&bank.hold("h", "60").unwrap());
        bank.cut(cut);
        assert_eq!(refusal(bank.capture("c", held, None)).0, 503);
        bank.cut(Cut::Nowhere);
        bank.wait(2_000);
        assert_eq!(bank.tick().settled, 1);
        let again = bank.capture("c", held, None).unwrap();
        assert_eq!((again.content.status, again.replayed), (201, true));
        assert_eq!(bank.bob_has(), 6_000);
    }
}

#[test]
fn a_reversal_happens_once_by_staff_and_is_linked_both_ways() {
    let bank = bank();
    let sent = id_of(&bank.send("s", "30").unwrap());
    let by_customer = reverse(
        &bank.service,
        &alice(),
        RequestId::default(),
        key("r"),
        sent,
        ReverseBody::default(),
    );
    assert_eq!(refusal(by_customer), (403, "forbidden"));
    let reversed = bank.reverse("r", sent).unwrap();
    assert_eq!(json_of(&reversed)["reverses"], json!(sent));
    assert_eq!(json_of(&reversed)["request_id"], Value::Null);
    let seen = bank.seen(sent);
    assert_eq!(
        (&seen["status"], &seen["reversed_by"]),
        (&json!("reversed"), &json!(id_of(&reversed)))
    );
    assert_eq!(bank.reverse("r", sent).unwrap().content, reversed.content);
    assert_eq!(
        decline_of(bank.reverse("r2", sent)),
        (422, json!("already_reversed"))
    );
    assert_eq!(
        decline_of(bank.reverse("r3", id_of(&reversed))),
        (422, json!("not_reversible"))
    );
    let declined = json_of(&bank.send("s2", "9999").unwrap())["transaction_id"].clone();
    let declined: Uuid = serde_json::from_value(declined).unwrap();
    assert_eq!(
        decline_of(bank.reverse("r4", declined)),
        (422, json!("not_reversible"))
    );
    assert_eq!(
        refusal(bank.reverse("r5", Uuid::from_u128(404))),
        (404, "not_found")
    );
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn each_line_of_a_batch_has_an_outcome_of_its_own() {
    let bank = bank();
    let mut nowhere = bank.body("1");
    nowhere["to_account_id"] = json!(Uuid::from_u128(404));
    let mut lines = vec![
        bank.body("60"),
        bank.body("1.234"),
        bank.body("60"),
        nowhere,
        json!({"amount": 1}),
    ];
    lines.push(bank.body("40"));
    let first = bank.batch_of("b", false, lines.clone()).unwrap();
    let body = json_of(&first);
    let outcome = |index: usize, field: &str| body["outcomes"][index][field].clone();
    let statuses: Vec<_> = (0..6).map(|index| outcome(index, "status")).collect();
    assert_eq!(
        statuses,
        [
            "posted", "refused", "declined", "refused", "refused", "posted"
        ]
    );
    assert_eq!(outcome(0, "transaction")["amount"], "60.00");
    assert_eq!(
        (outcome(1, "code"), outcome(1, "pointer")),
        (json!("amount_invalid"), json!("/amount"))
    );
    assert_eq!(outcome(2, "code"), "insufficient_funds");
    assert_eq!(
        (outcome(3, "code"), outcome(3, "pointer")),
        (json!("account_not_found"), json!("/to_account_id"))
    );
    assert_eq!(outcome(4, "code"), "validation_failed");
    assert_eq!(bank.bob_has(), 10_000);
    let again = bank.batch_of("b", false, lines).unwrap();
    assert_eq!(
        (again.content, again.replayed),
        (first.content.clone(), true)
    );
    // A line is a transaction like any other, and the batch is found by its id.
    let line: Uuid = serde_json::from_value(outcome(0, "transaction")["id"].clone()).unwrap();
    assert_eq!(bank.seen(line), outcome(0, "transaction"));
    assert_eq!(bank.seen(id_of(&first))["outcomes"], body["outcomes"]);
    assert_eq!(
        refusal(bank.batch("b", false, &["1"])),
        (422, "idempotency_key_reused")
    );
}

#[test]
fn an_atomic_batch_is_posted_whole_or_not_at_all() {
    let bank = bank();
    let answer = bank.batch("short", true, &["60", "60"]).unwrap();
    let body = json_of(&answer);
    assert_eq!(
        (answer.content.status, &body["code"]),
        (422, &json!("batch_declined"))
    );
    assert_eq!(
        body["errors"],
        json!([{"pointer": "/transfers/1", "code": "insufficient_funds",
        "detail": "The account does not have that much available."}])
    );
    let codes = [&body["outcomes"][0]["code"], &body["outcomes"][1]["code"]];
    assert_eq!(codes, ["batch_declined", "insufficient_funds"]);
    assert_eq!(bank.seen(id_of(&answer))["outcomes"], body["outcomes"]);

    let problem = bank.batch("bad", true, &["1", "1.234"]).unwrap_err();
    assert_eq!(
        (
            problem.status().as_u16(),
            problem.errors()[0].pointer.as_str()
        ),
        (422, "/transfers/1/amount")
    );

    let mut nowhere = bank.body("1");
    nowhere["to_account_id"] = json!(Uuid::from_u128(404));
    let refused = bank
        .batch_of("nowhere", true, vec![bank.body("1"), nowhere])
        .unwrap();
    let body = json_of(&refused);
    assert_eq!(
        (refused.content.status, &body["code"]),
        (422, &json!("batch_refused"))
    );
    assert_eq!(body["errors"][0]["pointer"], "/transfers/1/to_account_id");
    assert_eq!(bank.bob_has(), 0);

    assert_eq!(
        bank.batch("ok", true, &["60", "40"])
            .unwrap()
            .content
            .status,
        201
    );
    assert_eq!(bank.bob_has(), 10_000);
}

#[test]
fn a_batch_that_is_cut_off_is_finished_once_or_given_up_whole() {
    for cut in [Cut::Before, Cut::After] {
        let bank = bank();
        bank.cut(cut);
        assert_eq!(refusal(bank.batch("b", true, &["10", "20"])).0, 503);
        assert_eq!(bank.open_intents(), 1);
        bank.cut(Cut::Nowhere);
        bank.wait(2_000);
        assert_eq!(bank.tick().settled, 1);
        let again = bank.batch("b", true, &["10", "20"]).unwrap();
        assert_eq!((again.content.status, again.replayed), (201, true));
        assert_eq!(bank.bob_has(), 3_000);
    }
    let bank = bank();
    bank.cut(Cut::Before);
    let _ = bank.batch("b", false, &["10", "20"]);
    bank.cut(Cut::Nowhere);
    bank.wait(DEADLINE_MS);
    assert_eq!(bank.tick().settled, 1);
    let given_up = json_of(&bank.batch("b", false, &["10", "20"]).unwrap());
    assert_eq!(given_up["outcomes"][0]["code"], "cancelled");
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn a_batch_has_1_to_1_000_transfers() {
    let bank = bank();
    for count in [0, 1_001] {
        let problem = bank.batch("b", false, &vec!["0.01"; count]).unwrap_err();
        assert_eq!(problem.errors()[0].pointer, "/transfers");
    }
    assert_eq!(
        bank.batch("b", true, &["0.01"; 1_000])
            .unwrap()
            .content
            .status,
        201
    );
    assert_eq!(bank.bob_has(), 1_000);
}

#[test]
fn a_batch_with_as_much_text_as_it_may_have_can_be_kept_and_none_has_more() {
    // What a store allows for one value.
    const VALUE_BYTES_MAX: usize = 512 << 10;
    let bank = bank();
    let lines = |reference_length: usize| {
        let mut line = bank.body("0.01");
        line["reference"] = json!("x".repeat(reference_length));
        line["metadata"] = Value::Null;
        vec![line; 1_000]
    };
    let kept = bank.batch_of("b", true, lines(59)).unwrap();
    assert_eq!(kept.content.status, 201);
    assert!(kept.content.body.len() <= VALUE_BYTES_MAX);
    let problem = bank.batch_of("c", true, lines(62)).unwrap_err();
    assert_eq!(problem.errors()[0].code, "too_large");
    assert_eq!(bank.bob_has(), 1_000);
}

#[test]
fn staff_see_in_which_request_staff_acted_as_long_as_the_ledger_remembers() {
    let bank = bank();
    let sent = id_of(&bank.send("s", "30").unwrap());
    let reversed = id_of(&bank.reverse("r", sent).unwrap());
    let seen_by_staff = |id| {
        let seen = get(&bank.service, &teller(), id).unwrap();
        serde_json::to_value(seen).unwrap()["request_id"].clone()
    };
    assert_eq!(seen_by_staff(reversed), json!("r-7"));
    assert_eq!(seen_by_staff(sent), Value::Null);
    assert_eq!(bank.seen(reversed)["request_id"], Value::Null);
    // The request is forgotten, and who acted in which is not.
    bank.wait(31 * 24 * 3_600 * 1_000);
    bank.tick();
    assert_eq!(bank.intents(), 0);
    assert_eq!(seen_by_staff(reversed), json!("r-7"));
    // Asked for once more, the first request is the one that counts.
    bank.reverse("r", sent).unwrap();
    assert_eq!(seen_by_staff(reversed), json!("r-7"));
    // Of what was never done nothing is kept.
    let kept = "SELECT 1 FROM staff_request";
    let kept = || bank.service.store.query(kept, &[]).unwrap().rows.len();
    let before = kept();
    assert_eq!(
        refusal(bank.deposit_to(Uuid::from_u128(404))),
        (404, "account_not_found")
    );
    assert_eq!(kept(), before);
}

#[test]
fn a_batch_with_more_lines_is_another_request_for_as_long_as_the_ledger_remembers() {
    let bank = bank();
    let first = bank.batch("b", false, &["1", "2"]).unwrap();
    bank.wait(31 * 24 * 3_600 * 1_000);
    bank.tick();
    assert_eq!(bank.intents(), 0);
    for (atomic, amounts) in [
        (false, ["1", "2", "4"].as_slice()),
        (false, &["1"]),
        (false, &["1", "2.01"]),
        (true, &["1", "2"]),
        (true, &["1", "2", "4"]),
    ] {
        assert_eq!(
            refusal(bank.batch("b", atomic, amounts)),
            (422, "idempotency_key_reused"),
            "{atomic} {amounts:?}"
        );
        assert_eq!((bank.bob_has(), bank.intents()), (300, 0));
    }
    let again = bank.batch("b", false, &["1", "2"]).unwrap();
    assert_eq!((again.content, again.replayed), (first.content, true));
}
