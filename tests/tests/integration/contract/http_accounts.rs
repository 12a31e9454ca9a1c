//! `/api/accounts`: the shape of each call. Who may call it is in `authorization.rs`; the rules are
//! in the tests of `components/account`.

use strongroom_tests::bank::{UNKNOWN_ID, cash};
use strongroom_tests::json::assert_has;
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};

#[tokio::test]
async fn post_and_get_accounts() {
    let bank = Bank::shared().await;
    let (customer, auditor) = (bank.customer().await, bank.staff("auditor").await);
    refusals! {
        customer => POST "/api/accounts" {"currency": "EUR"} => 422 "validation_failed" "/type";
        customer => POST "/api/accounts" {"type": "checking", "currency": "EUR", "balance": "9"}
            => 422 "validation_failed" "/balance";
        auditor => GET "/api/accounts/{UNKNOWN_ID}" => 404 "not_found";
        auditor => GET "/api/accounts/{UNKNOWN_ID}/balance" => 404 "not_found";
        auditor => GET "/api/accounts/{UNKNOWN_ID}/entries" => 404 "not_found";
    }
    let mut opened = Vec::new();
    for (kind, currency, zero) in rows! {
        ("checking", "EUR", "0.00"), ("savings", "JPY", "0"), ("checking", "KWD", "0.000"),
    } {
        let body = json!({
            "type": kind, "currency": currency, "name": "Holidays", "metadata": {"plan": "b"},
        });
        let account = customer.post("/api/accounts").json(&body).await.expect(201);
        assert_has(&account, &body);
        assert_json!(account, {"owner_id": customer.id, "status": "open", "balance": zero});
        assert_eq!(customer.account(text(&account["id"])).await, account);
        opened.insert(0, account);
    }
    let of_owner = format!("/api/accounts/user/{}?limit=2", customer.id);
    for (reader, path) in rows! {
        (&customer, "/api/accounts?limit=2"), (&customer, &of_owner), (&auditor, &of_owner),
    } {
        assert_eq!(reader.all(path).await, opened);
    }
    let yen = customer.all("/api/accounts?currency=JPY&status=open").await;
    assert_eq!(yen, [opened[1].clone()]);
}

#[tokio::test]
async fn patch_accounts_id() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let path = format!("/api/accounts/{}", customer.open_account("EUR").await);
    let body = json!({"name": "Rent", "metadata": {"a": "1"}, "overdraft_limit": "50.00"});
    let changed = teller.patch(&path).json(&body).await.expect(200);
    assert_has(&changed, &body);
    assert_eq!(customer.read(&path).await, changed);
    refusals! {
        customer => PATCH "{path}" (body) => 403 "forbidden";
        customer => PATCH "{path}" {"metadata": {"a": 1}} => 422 "validation_failed" "/metadata/a";
        teller => PATCH "{path}" {"overdraft_limit": 60} => 422 "amount_invalid" "/overdraft_limit";
    }
}

#[tokio::test]
async fn get_accounts_id_balance_and_entries() {
    let bank = Bank::shared().await;
    let (customer, admin) = (bank.customer().await, bank.admin().await);
    let id = customer.open_account("EUR").await;
    let mut body = cash(&id, "5.00", "EUR");
    body["reference"] = json!("first");
    let first = admin.submit("deposit", &body).await.expect(201);
    let second = admin.deposit(&id, "7.00", "EUR").await;

    let path = format!("/api/accounts/{id}/balance");
    assert_json!(customer.read(&path).await, {
        "account_id": id, "currency": "EUR", "balance": "12.00", "available": "12.00",
        "pending_debits": "0.00", "pending_credits": "0.00",
    });
    let path = format!("{path}?at=2020-01-01T00:00:00%2B01:00");
    let past = customer.read(&path).await;
    assert_json!(past, {"balance": "0.00", "as_of": "2019-12-31T23:00:00.000Z"});

    let path = format!("/api/accounts/{id}/entries?limit=1");
    let entries = Value::from(customer.all(&path).await);
    assert_json!(entries, [
        {
            "transaction_id": second["id"], "direction": "credit", "amount": "7.00",
            "currency": "EUR", "balance_after": "12.00", "reference": null,
        },
        {
            "transaction_id": first["id"], "direction": "credit", "amount": "5.00",
            "currency": "EUR", "balance_after": "5.00", "reference": "first",
        },
    ]);
    assert!(entries[0]["sequence"].as_u64() > entries[1]["sequence"].as_u64());
}

/// What staff do to an account is in its log, with the request.
#[tokio::test]
async fn post_accounts_id_freeze_and_unfreeze_and_get_events() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (teller, auditor) = (bank.staff("teller").await, bank.staff("auditor").await);
    let account = format!("/api/accounts/{}", pair.from);
    let cash = cash(&pair.from, "1.00", "EUR");
    let freeze = teller.post(&format!("{account}/freeze"));
    let freeze = freeze.json(&json!({"stops": "debits"})).await;
    assert_json!(freeze.expect(200), {"status": "frozen", "frozen": "debits"});
    teller.submit("deposit", &cash).await.expect(201);
    let declined = teller.submit("withdraw", &cash).await;
    declined.refused(422, "account_frozen");
    let path = format!("{account}/events?limit=1");
    let events = Value::from(auditor.all(&path).await);
    assert_json!(events, [
        {
            "action": "frozen", "old_value": "open", "new_value": "frozen:debits",
            "actor_id": teller.id, "actor_role": "teller",
            "request_id": freeze.header("x-request-id"),
        },
        {"action": "opened", "actor_id": pair.alice.id},
    ]);
    let before = events[0]["sequence"].as_u64().expect("a sequence") - 1;
    let path = format!("/api/accounts/events?after_sequence={before}&limit=1");
    let feed = auditor.read(&path).await;
    assert_json!(feed, {"data": [events[0]], "next_after_sequence": events[0]["sequence"]});
    let unfreeze = teller.post(&format!("{account}/unfreeze"));
    assert_json!(unfreeze.await.expect(200), {"status": "open", "frozen": null});
    pair.send("1.00").await;
}

#[tokio::test]
async fn post_accounts_id_close() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let id = customer.open_account("EUR").await;
    let deposit = cash(&id, "0.01", "EUR");
    teller.submit("deposit", &deposit).await.expect(201);
    let refused = customer.close(&id).await;
    refused.refused(409, "balance_not_zero");
    teller.submit("withdraw", &deposit).await.expect(201);
    assert_json!(teller.close(&id).await.expect(200), {"status": "closed"});
    let declined = teller.submit("deposit", &deposit).await;
    declined.refused(422, "account_closed");
}
