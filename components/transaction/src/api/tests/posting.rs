//! Several entries are one transaction, whose declines point at an entry; the ledger tests them.

use super::*;

fn entries(bank: &Bank, amount: &str) -> Value {
    let (bob, alice) = (bank.bob.id, bank.alice.id);
    json!([
        {"account_id": bob, "direction": "credit", "amount": amount, "currency": "EUR"},
        {"account_id": alice, "direction": "debit", "amount": amount, "currency": "EUR"},
    ])
}

/// Alice pays Bob by two entries.
pub(super) fn body(bank: &Bank, amount: &str) -> Value {
    let entries = entries(bank, amount);
    json!({"entries": entries, "reference": "rent", "metadata": {"rate": "1"}})
}

pub(super) fn post(bank: &Bank, key: &str, amount: &str) -> Answered {
    bank.request(&alice(), Call::Posting, key, &body(bank, amount))
}

#[test]
fn a_posting_has_its_entries_in_place_of_accounts_and_amount() {
    let bank = Bank::new();
    let reply = post(&bank, "k", "12.3").unwrap();
    let expected = json!({
        "id": alices("k"), "type": "posting", "status": "posted",
        "from_account_id": null, "to_account_id": null, "amount": null, "currency": null,
        "entries": entries(&bank, "12.30"),
        "reference": "rent", "metadata": {"rate": "1"}, "decline_code": null,
        "created_at": "2027-01-15T08:00:00.000Z", "posted_at": "2027-01-15T08:00:00.000Z",
        "sequence": 2,
    });
    assert_eq!((reply.status, json_of(&reply)), (201, expected));
    assert_eq!(post(&bank, "k", "12.30").unwrap(), repeated(&reply));
    assert_eq!(bank.bob_has(), 1_230);
}

#[test]
fn a_decline_points_at_its_entry_and_hides_the_accounts_of_others() {
    let bank = Bank::new();
    let reply = post(&bank, "k", "1000").unwrap();
    let (problem, id) = (json_of(&reply), alices("k"));
    assert_eq!(reply.status, 422);
    assert_json!(problem, {"code": "insufficient_funds", "transaction_id": id});
    assert_json!(problem["errors"][0], {"pointer": "/entries/1", "code": "insufficient_funds"});
    let seen = bank.seen(id);
    assert_json!(seen, {"status": "declined"});
    assert_json!(seen["entries"][0], {"account_id": null, "direction": "credit"});
    assert_json!(seen["entries"][1], {"account_id": bank.alice.id, "direction": "debit"});
}

#[test]
fn a_wrong_posting_is_refused_and_nothing_is_recorded() {
    let bank = Bank::new();
    let with = |path: &str, value: Value| {
        let mut changed = body(&bank, "1");
        *changed.pointer_mut(path).unwrap() = value;
        changed
    };
    let to = |entry: &str, id: Uuid| with(&format!("/entries/{entry}/account_id"), json!(id));
    let entry = entries(&bank, "1")[0].clone();
    let before = bank.recorded();
    for (body, expected) in rows! {
        (with("/entries", json!([])), "422 validation_failed /entries"),
        (with("/entries", json!([entry])), "422 validation_failed /entries"),
        (with("/entries", json!(vec![entry; 101])), "422 validation_failed /entries"),
        (to("1", bank.bob.id), "422 validation_failed /entries/1/account_id"),
        (with("/entries/1/amount", json!("1.01")), "422 posting_unbalanced /entries"),
        (with("/entries/0/currency", json!("USD")), "422 posting_unbalanced /entries"),
        (with("/entries/0/direction", json!("debit")), "422 posting_unbalanced /entries"),
        (with("/entries/1/amount", json!("0")), "422 amount_invalid /entries/1/amount"),
        (with("/entries/1/currency", json!("eur")), "422 validation_failed /entries/1/currency"),
        (with("/reference", json!("x".repeat(141))), "422 validation_failed /reference"),
        (to("0", NOWHERE), "404 account_not_found /entries/0/account_id"),
        (to("1", NOWHERE), "404 account_not_found /entries/1/account_id"),
    } {
        let answered = bank.request(&alice(), Call::Posting, "k", &body);
        assert_eq!(outcome(&answered), expected, "{body}");
    }
    assert_eq!(bank.recorded(), before);
}

/// What Alice pays to others is not Bob's to know.
#[test]
fn a_payee_sees_the_entries_of_their_own_accounts() {
    let bank = Bank::new();
    let id = id_of(&post(&bank, "k", "1").unwrap());
    let (alices, bobs) = (bank.alice.id, bank.bob.id);
    for (who, expected) in rows! {
        (bob(), &[bobs][..]), (alice(), &[bobs, alices]), (teller(), &[bobs, alices]),
        (auditor(), &[bobs, alices]),
    } {
        let seen = bank.seen_by(&who, id).unwrap();
        let entries = seen["entries"].as_array().unwrap();
        let accounts: Vec<_> = entries.iter().map(|it| &it["account_id"]).collect();
        assert_eq!(json!(accounts), json!(expected), "{who:?}");
    }
}
