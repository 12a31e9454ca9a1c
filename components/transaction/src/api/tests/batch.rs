//! Goal: each line of a batch has a lasting outcome of its own; an atomic batch is posted whole.

use super::*;

impl Bank {
    fn to_nobody(&self) -> Value {
        changed(self.body("1"), &json!({"to_account_id": NOWHERE}))
    }
}

fn each<'a>(body: &'a Value, name: &str) -> Vec<&'a str> {
    let outcomes = body["outcomes"].as_array().unwrap().iter();
    let found = outcomes.map(|outcome| outcome[name].as_str().unwrap_or_default());
    found.collect()
}

#[test]
fn each_line_has_an_outcome_of_its_own_and_keeps_it() {
    let bank = Bank::new();
    let table = rows! {
        (bank.body("60"), "posted", "", ""),
        (bank.body("1.234"), "refused", "amount_invalid", "/amount"),
        (bank.body("60"), "declined", "insufficient_funds", ""),
        (bank.to_nobody(), "refused", "account_not_found", "/to_account_id"),
        (json!({"amount": 1}), "refused", "validation_failed", "/from_account_id"),
        (bank.body("40"), "posted", "", ""),
    };
    let lines: Vec<Value> = table.iter().map(|row| row.0.clone()).collect();
    let first = bank.batch_of("b", false, lines.clone()).unwrap();
    let body = json_of(&first);
    assert_eq!(first.status, 201);
    assert_eq!(each(&body, "status"), table.each_ref().map(|row| row.1));
    assert_eq!(each(&body, "code"), table.each_ref().map(|row| row.2));
    assert_eq!(each(&body, "pointer"), table.each_ref().map(|row| row.3));
    assert_eq!(bank.bob_has(), 10_000);
    assert_eq!(bank.batch_of("b", false, lines).unwrap(), repeated(&first));
    // A line is a transaction like any other.
    let line = &body["outcomes"][0]["transaction"];
    let id = line["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(&bank.seen(id), line);
    for who in [alice(), auditor()] {
        assert_eq!(bank.seen_by(&who, id_of(&first)).unwrap(), body);
    }
}

#[test]
fn an_atomic_batch_is_declined_whole() {
    let bank = Bank::new();
    let reply = bank.batch("b", true, &["60", "60"]).unwrap();
    let (body, id) = (json_of(&reply), id_of(&reply));
    let expected = json!({
        "type": "urn:strongroom:problem:batch_declined", "title": "Batch declined", "status": 422,
        "detail": "A transfer of the batch was declined, and so none is posted. \
                   No money has moved.",
        "instance": format!("/api/transactions/{id}"), "code": "batch_declined",
        "errors": [{"pointer": "/transfers/1", "code": "insufficient_funds",
            "detail": "The account does not have that much available."}],
        "id": id, "transaction_id": id, "atomic": true, "outcomes": body["outcomes"],
    });
    assert_eq!((reply.status, &body), (422, &expected));
    let codes = ["batch_declined", "insufficient_funds"];
    assert_eq!(each(&body, "code"), codes);
    let view = json!({"id": id, "atomic": true, "outcomes": body["outcomes"]});
    assert_eq!(bank.seen(id), view);
    assert_eq!(bank.bob_has(), 0);
    let whole = bank.batch("ok", true, &["60", "40"]).unwrap();
    assert_eq!((whole.status, bank.bob_has()), (201, 10_000));
}

#[test]
fn an_atomic_batch_with_a_refusal_records_nothing_and_is_a_first_request_again() {
    let bank = Bank::new();
    let recorded = bank.recorded();
    let refused = bank.batch("b", true, &["1", "1.234"]);
    let at_line = "422 validation_failed /transfers/1/amount";
    assert_eq!(outcome(&refused), at_line);
    let refused = bank.batch_of("b", true, vec![bank.body("1"), bank.to_nobody()]);
    let at_line = "422 batch_refused /transfers/1/to_account_id";
    assert_eq!(outcome(&refused), at_line);
    let refused = StoredReply::of_problem(refused.unwrap_err(), String::new(), false);
    let body = json_of(&refused);
    assert_eq!(body["errors"][0]["code"], "account_not_found");
    assert_eq!(each(&body, "code"), ["batch_refused", "account_not_found"]);
    // What is not recorded has no id.
    assert_eq!([&body["id"], &body["transaction_id"]], [&Value::Null; 2]);
    assert_eq!(bank.recorded(), recorded);
    let first = bank.batch("b", true, &["1"]).unwrap();
    assert_eq!((first.status, first.repeated), (201, false));
}

/// The ledger keeps the refusals of a batch as one value, whose length is bounded.
#[test]
fn the_longest_refusals_that_are_accepted_can_be_kept() {
    /// Makes a refusal of 365 bytes: 300, and a 999th of the text that a batch may have.
    const NAME_CHARACTERS: usize = 365 - 174;
    let bank = Bank::new();
    let batch = |name_characters: usize| {
        let no_text = json!({"reference": null, "metadata": null});
        let plain = changed(bank.body("1"), &no_text);
        let refused = changed(bank.body("1"), &json!({"x".repeat(name_characters): 1}));
        bank.batch_of("b", false, [vec![plain], vec![refused; 999]].concat())
    };
    let problem = batch(NAME_CHARACTERS + 1).unwrap_err();
    assert_eq!(problem.errors()[0].code, "too_large");
    let kept = batch(NAME_CHARACTERS).unwrap();
    assert_eq!(batch(NAME_CHARACTERS).unwrap(), repeated(&kept));
    assert_eq!(bank.bob_has(), 100);
}
