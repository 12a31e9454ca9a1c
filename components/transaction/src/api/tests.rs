//! Goal: a request moves money at most once, whatever fails, and always gets the same response.

mod batch;
mod movement;
mod posting;

use crate::request::PAYMENT_SCOPE;
use crate::tests::kit::*;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use std::collections::{HashMap, HashSet};
use strongroom_ledger_api::Actor;
use strongroom_sdk::idempotency::derived_id;
use strongroom_sdk::identity::Principal;

const REUSED: &str = "422 idempotency_key_reused";

type Request = fn(&Bank) -> Answered;

/// A request of each kind and of each outcome that is recorded, on a [`prepared`] bank.
const REQUESTS: [(&str, Request); 14] = rows! {
    ("deposit", |bank| bank.deposit("k", "1")),
    ("withdrawal", |bank| bank.withdraw("k", "1")),
    ("transfer", |bank| bank.send("k", "12.3")),
    ("declined transfer", |bank| bank.send("k", "1000")),
    ("posting", |bank| posting::post(bank, "k", "12.3")),
    ("declined posting", |bank| posting::post(bank, "k", "1000")),
    ("hold", |bank| bank.hold("k", "60")),
    ("capture", |bank| bank.capture("k", alices("held"), Some("3"))),
    ("void", |bank| bank.void("k", alices("held"))),
    ("reversal", |bank| bank.reverse("k", alices("sent"))),
    ("reversed posting", |bank| bank.reverse("k", alices("split"))),
    ("batch", |bank| bank.batch("k", false, &["1", "1.234", "1000"])),
    ("atomic batch", |bank| bank.batch("k", true, &["1", "2"])),
    ("declined atomic batch", |bank| bank.batch("k", true, &["1", "1000"])),
};

fn prepared() -> Bank {
    let bank = Bank::new();
    bank.hold("held", "5").unwrap();
    bank.send("sent", "5").unwrap();
    posting::post(&bank, "split", "5").unwrap();
    bank
}

/// The id of Alice's request under a key.
fn alices(key: &str) -> Uuid {
    derived_id(Principal::User(ALICE), PAYMENT_SCOPE, key)
}

/// 503 with the time after which a client may retry.
fn assert_refused_for(answered: Answered, seconds: &str, context: &str) {
    let response = answered.unwrap_err().into_response();
    assert_eq!(response.status(), 503, "{context}");
    assert_eq!(response.headers()[RETRY_AFTER], seconds, "{context}");
}

#[test]
fn a_decline_is_a_problem_that_names_its_transaction() {
    let bank = Bank::new();
    let reply = bank.send("k", "1000").unwrap();
    let id = alices("k");
    let expected = json!({
        "type": "urn:strongroom:problem:insufficient_funds", "title": "Insufficient funds",
        "status": 422, "detail": "The account does not have that much available.",
        "instance": format!("/api/transactions/{id}"), "code": "insufficient_funds",
        "transaction_id": id,
    });
    assert_eq!((reply.status, json_of(&reply)), (422, expected));
    assert_json!(bank.seen(id), {"status": "declined", "decline_code": "insufficient_funds"});
    assert_json!(bank.seen(id), {"amount": "1000.00", "reference": "rent", "sequence": 2});
}

#[test]
fn a_repeated_request_has_the_bytes_of_the_first_whatever_came_later() {
    for (name, request) in REQUESTS {
        let mut bank = prepared();
        let first = request(&bank).unwrap();
        bank.wait(40 * DAY_MS);
        bank.deposit("more", "9000").unwrap();
        // This service's file is lost.
        bank.service.store = store();
        let recorded = bank.recorded();
        assert_eq!(request(&bank).unwrap(), repeated(&first), "{name}");
        assert_eq!(bank.recorded(), recorded, "{name}");
        bank.bob_has();
    }
}

#[test]
fn what_is_refused_is_not_remembered() {
    let bank = Bank::new();
    let recorded = bank.recorded();
    let from_bob = json!({"from_account_id": bank.bob.id, "to_account_id": bank.alice.id});
    for (changes, expected) in rows! {
        (from_bob, "404 account_not_found /from_account_id"),
        (json!({"to_account_id": NOWHERE}), "404 account_not_found /to_account_id"),
        (to_number(FOREIGN_NUMBER), "404 account_not_found /to_account_number"),
        (to_number(&bank.alice.number), "422 validation_failed /to_account_number"),
    } {
        let body = changed(bank.body("1"), &changes);
        let answered = bank.request(&alice(), Call::Transfer, "k", &body);
        assert_eq!(outcome(&answered), expected, "{changes}");
    }
    let to_nobody = json!({"account_id": NOWHERE, "amount": "1", "currency": "EUR"});
    let answered = bank.request(&teller(), Call::Deposit, "k", &to_nobody);
    assert_eq!(outcome(&answered), "404 account_not_found /account_id");
    assert_eq!(bank.recorded(), recorded);
    let seen = bank.seen_by(&alice(), alices("k"));
    assert_eq!(refusal(seen), "404 not_found");
    let first = bank.send("k", "1").unwrap();
    assert_eq!((first.status, first.repeated), (201, false));
}

#[test]
fn where_the_ledger_is_not_reached_nothing_is_recorded_or_done_later() {
    let not_screened = LedgerError::NotScreened("no verdict".to_owned());
    for (name, request) in REQUESTS {
        for (state, retry_after) in [
            (LinkState::down(), "1"),
            (LinkState::Fails(not_screened.clone()), "1"),
            (LinkState::Fails(LedgerError::Clock), "30"),
        ] {
            let bank = prepared();
            let recorded = bank.recorded();
            bank.link(state);
            assert_refused_for(request(&bank), retry_after, name);
            bank.link(LinkState::Works);
            bank.wait(DAY_MS);
            bank.tick();
            assert_eq!(bank.recorded(), recorded, "{name}");
            assert!(!request(&bank).unwrap().repeated, "{name}");
            assert!(bank.recorded() > recorded, "{name}");
        }
    }
}

#[test]
fn a_reply_that_is_lost_is_the_reply_to_the_same_request_later() {
    for (name, request) in REQUESTS {
        let bank = prepared();
        bank.link(LinkState::LosesReplies);
        assert_refused_for(request(&bank), "1", name);
        bank.link(LinkState::Works);
        let (recorded, bob_has) = (bank.recorded(), bank.bob_has());
        let found = request(&bank).unwrap();
        assert!(found.repeated, "{name}");
        assert_eq!(request(&bank).unwrap(), found, "{name}");
        assert_eq!((bank.recorded(), bank.bob_has()), (recorded, bob_has));
    }
}

#[test]
fn of_two_requests_with_one_key_at_once_one_is_a_repetition() {
    for (name, request) in REQUESTS {
        let bank = prepared();
        let overtaking = bank.interrupt(Moment::BeforeDecision, request);
        let second = request(&bank).unwrap();
        let first = overtaking.take().unwrap().unwrap();
        assert_eq!(second, repeated(&first), "{name}");
        bank.bob_has();
    }
}

#[test]
fn a_callers_key_belongs_to_one_request_whatever_its_call() {
    // The others are Alice's.
    let is_tellers = |name: &str| name == "deposit" || name.starts_with("revers");
    for (name, request) in REQUESTS {
        let others = REQUESTS.into_iter().filter(|other| other.0 != name);
        for (other, repeat) in others.filter(|other| is_tellers(other.0) == is_tellers(name)) {
            let bank = prepared();
            let first = request(&bank).unwrap();
            let recorded = bank.recorded();
            assert_eq!(outcome(&repeat(&bank)), REUSED, "{name}, then {other}");
            assert_eq!(request(&bank).unwrap(), repeated(&first), "{name}");
            assert_eq!(bank.recorded(), recorded, "{name}, then {other}");
        }
    }
}

#[test]
fn another_request_under_the_key_of_one_in_flight_is_refused() {
    let pairs: [(Request, Request); 2] = rows! {
        (|bank| bank.send("k", "1"), |bank| bank.send("k", "2")),
        (|bank| bank.batch("k", false, &["1"]), |bank| bank.batch("k", false, &["1", "1"])),
    };
    for (request, other) in pairs {
        let bank = Bank::new();
        let overtaking = bank.interrupt(Moment::BeforeDecision, other);
        assert_eq!(outcome(&request(&bank)), REUSED);
        assert_eq!(overtaking.take().unwrap().unwrap().status, 201);
        assert_eq!(bank.bob_has(), 200);
    }
}

#[test]
fn a_payment_that_is_denied_is_declined_and_staff_alone_see_by_which_rule() {
    let bank = Bank::new();
    bank.link(LinkState::Denies);
    let denied = bank.send("k", "1");
    bank.link(LinkState::Works);
    assert_eq!(outcome(&denied), "422 screening_denied");
    let denied = denied.unwrap();
    assert!(!denied.body.contains(RULE));
    assert_eq!(bank.send("k", "1").unwrap(), repeated(&denied));
    let id = id_of(&denied);
    let by_staff = bank.seen_by(&auditor(), id).unwrap();
    assert_json!(by_staff, {"denied_by": RULE, "to_account_id": bank.bob.id});
    assert_json!(bank.seen(id), {"denied_by": null, "to_account_id": null});
    assert_eq!(bank.bob_has(), 0);
}

/// A client acts on every account, or on those of its customer.
#[test]
fn who_may_move_what() {
    let bank = Bank::new();
    let [own, other] = [bank.cash(&bank.alice, "1"), bank.cash(&bank.bob, "1")];
    let transfer = bank.body("1");
    let (hold, order) = (bank.hold_body("1"), bank.order_body(&json!({})));
    let batch = json!({"transfers": [bank.body("1")], "atomic": true});
    let split = posting::body(&bank, "1");
    let [of_bank, of_alice, of_bob] = [None, Some(ALICE), Some(BOB)].map(client);
    for (who, call, body, expected) in rows! {
        (&alice(), Call::Deposit, &own, "403 forbidden"),
        (&auditor(), Call::Deposit, &other, "403 forbidden"),
        (&teller(), Call::Deposit, &other, "201"),
        (&bob(), Call::Withdraw, &own, "404 account_not_found /account_id"),
        (&auditor(), Call::Withdraw, &own, "403 forbidden"),
        (&alice(), Call::Withdraw, &own, "201"),
        (&teller(), Call::Withdraw, &own, "201"),
        (&bob(), Call::Transfer, &transfer, "404 account_not_found /from_account_id"),
        (&teller(), Call::Transfer, &transfer, "404 account_not_found /from_account_id"),
        (&auditor(), Call::Transfer, &transfer, "403 forbidden"),
        (&alice(), Call::Transfer, &transfer, "201"),
        (&bob(), Call::Posting, &split, "404 account_not_found /entries/1/account_id"),
        (&auditor(), Call::Posting, &split, "403 forbidden"),
        (&alice(), Call::Posting, &split, "201"),
        (&teller(), Call::Posting, &split, "201"),
        (&of_bank, Call::Deposit, &other, "201"),
        (&of_bank, Call::Withdraw, &own, "201"),
        (&of_bank, Call::Transfer, &transfer, "201"),
        (&of_bank, Call::Hold, &hold, "201"),
        (&of_bank, Call::Batch, &batch, "201"),
        (&auditor(), Call::Schedule, &order, "403 forbidden"),
        // Its payments are a customer's.
        (&of_bank, Call::Schedule, &order, "403 forbidden"),
        (&of_alice, Call::Deposit, &own, "403 forbidden"),
        (&of_alice, Call::Withdraw, &own, "201"),
        (&of_alice, Call::Withdraw, &other, "404 account_not_found /account_id"),
        (&of_alice, Call::Transfer, &transfer, "201"),
        (&of_alice, Call::Schedule, &order, "201"),
        (&of_bob, Call::Transfer, &transfer, "404 account_not_found /from_account_id"),
        (&of_bob, Call::Batch, &batch, "422 batch_refused /transfers/0/from_account_id"),
    } {
        let key = format!("{call:?}/{expected}").replace(' ', "");
        let answered = bank.request(who, call, &key, body);
        assert_eq!(outcome(&answered), expected, "{call:?} of {who:?}");
    }
}

#[test]
fn a_client_s_payment_is_a_record_of_the_client_and_its_customer() {
    let bank = Bank::new();
    let [caller, of_alice, of_bob] = [None, Some(ALICE), Some(BOB)].map(client);
    let sent = bank.request(&of_alice, Call::Transfer, "k", &bank.body("1"));
    let sent = id_of(&sent.unwrap());
    let posting = bank.service.ledger.lookup(sent).unwrap().unwrap();
    assert_eq!(posting.actor, Actor::of(&caller));
    assert_eq!(posting.on_behalf_of, Some(ALICE));
    assert!(posting.request_id.is_some());
    for who in [alice(), caller, of_alice, of_bob] {
        assert!(bank.service.get(&who, sent).is_ok(), "{who:?}");
    }
    let of_carol = client(Some(carol().subject));
    assert!(bank.service.get(&of_carol, sent).is_err());
}

#[test]
fn one_key_is_another_request_of_each_caller_and_customer_and_one_of_both_calls_with_cash() {
    let bank = Bank::new();
    let cash = bank.cash(&bank.alice, "1");
    let callers = [alice(), teller(), client(Some(ALICE)), client(None)];
    let ids = callers.map(|who| id_of(&bank.request(&who, Call::Withdraw, "k", &cash).unwrap()));
    assert_eq!(HashSet::from(ids).len(), 4);
    let deposit = bank.request(&teller(), Call::Deposit, "k", &cash);
    assert_eq!(outcome(&deposit), REUSED);
}

#[test]
fn staff_act_on_their_own_account_as_its_owner_and_no_more() {
    let bank = Bank::new();
    let sent = id_of(&bank.send("sent", "1").unwrap());
    let recorded = bank.recorded();
    let own = bank.cash(&bank.alice, "1");
    for role in [Role::Teller, Role::Admin] {
        let [alice, bob] = [ALICE, BOB].map(|owner| Identity::of_user(owner, role));
        // A reversal touches the payer's account and the payee's.
        for (who, call, body) in [
            (&alice, Call::Deposit, &own),
            (&alice, Call::Reverse(sent), &json!({})),
            (&bob, Call::Reverse(sent), &json!({})),
        ] {
            let problem = bank.request(who, call, "own", body).unwrap_err();
            assert_eq!(words_of(&problem), "403 own_account");
            assert!(problem.detail().contains("a colleague must"));
        }
        assert_eq!(bank.recorded(), recorded);
    }
    let alice = Identity::of_user(ALICE, Role::Teller);
    let too_much = bank.request(&alice, Call::Withdraw, "k", &bank.cash(&bank.alice, "1000"));
    assert_eq!(outcome(&too_much), "422 insufficient_funds");
    for (call, body) in rows! {
        (Call::Withdraw, own),
        (Call::Transfer, bank.body("1")),
        (Call::Hold, bank.hold_body("1")),
        (Call::Batch, json!({"transfers": [bank.body("1")], "atomic": true})),
        (Call::Schedule, bank.order_body(&json!({}))),
    } {
        let answered = bank.request(&alice, call, &format!("{call:?}"), &body);
        assert_eq!(outcome(&answered), "201", "{call:?}");
    }
    let held = alices("Hold");
    for (key, call) in [("capture", Call::Capture(held)), ("void", Call::Void(held))] {
        let ended = bank.request(&alice, call, key, &json!({}));
        assert!(ended.is_ok(), "{call:?}");
    }
    // A colleague may do what staff may not do on their own account, under the same key.
    bank.reverse("own", sent).unwrap();
    assert_eq!(bank.bob_has(), 300);
}

/// A payer without the money sends to each kind of payee, by each call.
#[test]
fn a_payer_without_the_money_cannot_tell_one_payee_from_another() {
    let bank = Bank::new();
    let payees = [
        json!({"to_account_id": bank.bob.id}),
        json!({"to_account_id": NOWHERE}),
        to_number(&bank.bob.number),
        to_number(FOREIGN_NUMBER),
    ];
    // Without what differs between any two requests.
    let comparable = |mut document: Value| {
        for varying in ["id", "instance", "sequence", "transaction_id", "outcomes"] {
            document.as_object_mut().unwrap().remove(varying);
        }
        document
    };
    let mut answers = HashMap::new();
    for is_frozen in [false, true] {
        if is_frozen {
            bank.freeze(&bank.bob, Freeze::Both);
        }
        for (number, payee) in payees.iter().enumerate() {
            let transfer = changed(bank.body("1000"), payee);
            let batch = json!({"transfers": [&transfer], "atomic": false});
            for (kind, call, body) in rows! {
                ("transfer", Call::Transfer, &transfer),
                ("hold", Call::Hold, &changed(bank.hold_body("1000"), payee)),
                ("batch", Call::Batch, &batch),
            } {
                let key = format!("{kind}-{is_frozen}-{number}");
                let reply = bank.request(&alice(), call, &key, body).unwrap();
                let again = bank.request(&alice(), call, &key, body).unwrap();
                assert_eq!(again, repeated(&reply));
                let reply = json_of(&reply);
                let declined = reply.pointer("/outcomes/0").unwrap_or(&reply).clone();
                assert_eq!(declined["code"], "insufficient_funds", "{kind}");
                let id = declined["transaction_id"].as_str().unwrap();
                let seen = bank.seen(id.parse().unwrap());
                let answer = (comparable(declined), comparable(seen));
                assert_eq!(answers.entry(kind).or_insert(answer.clone()), &answer);
            }
        }
    }
    bank.bob_has();
}

#[test]
fn who_may_read_what() {
    let bank = Bank::new();
    let posted = id_of(&bank.send("posted", "1").unwrap());
    let declined = id_of(&bank.send("declined", "9999").unwrap());
    let batch = id_of(&bank.batch("batch", false, &["1", "9999"]).unwrap());
    let opening = derived_id(Principal::User(TELLER), PAYMENT_SCOPE, "opening");
    assert!(bank.seen_by(&alice(), opening).is_ok());
    for who in [alice(), auditor(), teller()] {
        assert_json!(bank.seen_by(&who, posted).unwrap(), {"metadata": {"invoice": "7"}});
        assert!(bank.seen_by(&who, declined).is_ok());
        assert_json!(bank.seen_by(&who, batch).unwrap(), {"id": batch});
    }
    assert_json!(bank.seen_by(&bob(), posted).unwrap(), {"metadata": null});
    // The user who deposited it as a teller, and is a customer now.
    let former = Identity::of_user(TELLER, Role::Customer);
    for (who, id) in rows! {
        (bob(), declined), (bob(), batch), (carol(), posted), (carol(), declined),
        (carol(), batch), (former, opening), (auditor(), Uuid::nil()),
    } {
        assert_eq!(refusal(bank.seen_by(&who, id)), "404 not_found");
    }
}

#[test]
fn the_transactions_of_an_account_are_for_its_owner_and_who_reads_all() {
    let bank = Bank::new();
    bank.send("posted", "1").unwrap();
    bank.send("declined", "9999").unwrap();
    let of = |account: Uuid| format!("account_id={account}");
    let [of_alice, of_bob] = [bank.alice.id, bank.bob.id].map(of);
    // How many transactions are shown, or why none is.
    let listed = |who: &Identity, query: &str| {
        let list = bank.list(who, query);
        list.map_or_else(|it| words_of(&it), |it| it.data.len().to_string())
    };
    for (who, query, expected) in rows! {
        (alice(), &of_alice, "3"), (auditor(), &of_alice, "3"), (client(None), &of_alice, "3"),
        (client(Some(ALICE)), &of_alice, "3"), (bob(), &of_bob, "1"),
        (bob(), &of_alice, "404 not_found"), (client(Some(BOB)), &of_alice, "404 not_found"),
        (bob(), &of(Uuid::nil()), "404 not_found"),
        (bob(), &String::new(), "422 validation_failed /account_id"),
        (client(Some(BOB)), &String::new(), "422 validation_failed /account_id"),
        (teller(), &String::new(), "3"), (client(None), &String::new(), "3"),
    } {
        assert_eq!(listed(&who, query), expected, "{query}");
    }
    bank.link(LinkState::down());
    let unavailable = "503 service_unavailable";
    assert_eq!(listed(&alice(), &of_alice), unavailable);
    assert_eq!(refusal(bank.seen_by(&alice(), Uuid::nil())), unavailable);
}
