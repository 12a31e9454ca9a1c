//! `/api/accounts`: the shape of each call. Who may call it is in `authorization.rs`; the rules are
//! in the tests of `components/account`.

use strongroom_tests::bank::{UNKNOWN_ID, cash};
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};
use uuid::Uuid;

#[tokio::test]
async fn post_and_get_accounts() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    refusals! {
        customer => POST "/api/accounts" {"currency": "EUR"} => 422 "validation_failed" "/type";
        customer => POST "/api/accounts" {"type": "checking", "currency": "EUR", "balance": "9"}
            => 422 "validation_failed" "/balance";
    }
    assert!(customer.all("/api/accounts?limit=500").await.is_empty());
    let mut opened = Vec::new();
    for (kind, currency, zero) in [
        ("checking", "EUR", "0.00"),
        ("savings", "JPY", "0"),
        ("checking", "KWD", "0.000"),
    ] {
        let body = json!({
            "type": kind, "currency": currency, "name": "Holidays", "metadata": {"plan": "b"},
        });
        let account = customer.post("/api/accounts").json(&body).await.expect(201);
        assert_json!(account, {
            "type": kind, "currency": currency, "name": "Holidays", "status": "open",
            "owner_id": customer.id, "balance": zero, "available": zero, "overdraft_limit": zero,
            "code": null, "frozen": null, "metadata": {"plan": "b"},
        });
        assert!(text(&account["created_at"]).ends_with('Z'), "{account}");
        let is_other = |other: &Value| other["number"] != account["number"];
        assert!(opened.iter().all(is_other));
        assert_eq!(customer.account(text(&account["id"])).await, account);
        opened.insert(0, account);
    }
    assert_eq!(customer.all("/api/accounts?limit=2").await, opened);
    let yen = customer.all("/api/accounts?currency=JPY&status=open").await;
    assert_eq!(yen, [opened[1].clone()]);
    customer.read("/api/accounts/").await;
    let path = format!("/api/accounts/user/{}?limit=500", customer.id);
    let (teller, auditor) = (bank.staff("teller").await, bank.staff("auditor").await);
    for reader in [&customer, &teller, &auditor, &bank.admin().await] {
        assert_eq!(reader.all(&path).await, opened);
        refusals! {
            reader => GET "/api/accounts/{UNKNOWN_ID}" => 404 "not_found";
            reader => GET "/api/accounts/{UNKNOWN_ID}/balance" => 404 "not_found";
            reader => GET "/api/accounts/{UNKNOWN_ID}/entries" => 404 "not_found";
        }
    }
}

#[tokio::test]
async fn post_accounts_for_an_owner_and_for_the_bank() {
    let teller = Bank::shared().await.staff("teller").await;
    let code = format!("fees_{}", Uuid::now_v7().simple());
    let of_owner = json!({"type": "checking", "currency": "EUR", "owner_id": Uuid::now_v7()});
    let of_bank = json!({"type": "internal", "currency": "EUR", "code": code, "name": "Fees"});
    for body in [&of_owner, &of_bank] {
        let opened = teller.post("/api/accounts").json(body).await.expect(201);
        strongroom_tests::json::assert_has(&opened, body);
    }
    refusals! { teller => POST "/api/accounts" (of_bank) => 409 "code_taken" "/code"; }
}

#[tokio::test]
async fn patch_accounts_id() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let path = format!("/api/accounts/{}", customer.open_account("EUR").await);
    for (person, body, seen) in [
        (
            &customer,
            json!({"name": "Rent", "metadata": {"a": "1"}}),
            json!({"name": "Rent", "metadata": {"a": "1"}}),
        ),
        (
            &teller,
            json!({"name": null, "overdraft_limit": "50.00"}),
            json!({"name": null, "overdraft_limit": "50.00", "available": "50.00"}),
        ),
    ] {
        let changed = person.patch(&path).json(&body).await.expect(200);
        strongroom_tests::json::assert_has(&changed, &seen);
        assert_eq!(customer.read(&path).await, changed);
    }
    refusals! {
        customer => PATCH "{path}" {"metadata": {"a": 1}} => 422 "validation_failed" "/metadata/a";
        customer => PATCH "{path}" {"name": "x", "overdraft_limit": "1.00"} => 403 "forbidden";
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

    let balance = customer.read(&format!("/api/accounts/{id}/balance")).await;
    assert_json!(balance, {
        "account_id": id, "currency": "EUR", "balance": "12.00", "available": "12.00",
        "pending_debits": "0.00", "pending_credits": "0.00",
    });
    assert!(text(&balance["as_of"]).ends_with('Z'), "{balance}");

    let path = format!("/api/accounts/{id}/entries?limit=1");
    let entries = customer.all(&path).await;
    let [newest, oldest] = &entries[..] else {
        panic!("two entries: {entries:?}")
    };
    assert_json!(newest, {
        "transaction_id": second["id"], "direction": "credit", "amount": "7.00",
        "currency": "EUR", "balance_after": "12.00", "reference": null,
    });
    assert_json!(oldest, {
        "transaction_id": first["id"], "direction": "credit", "amount": "5.00",
        "currency": "EUR", "balance_after": "5.00", "reference": "first",
    });
    assert!(newest["sequence"].as_u64() > oldest["sequence"].as_u64());
    for entry in &entries {
        assert!(entry["id"].is_string(), "{entry}");
        assert!(text(&entry["created_at"]).ends_with('Z'), "{entry}");
    }
}

#[tokio::test]
async fn post_accounts_id_freeze_and_unfreeze() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let teller = bank.staff("teller").await;
    let from = &pair.from;
    let cash = cash(from, "1.00", "EUR");
    let frozen = teller.freeze(from, &json!({"stops": "debits"})).await;
    assert_json!(frozen, {"status": "frozen", "frozen": "debits"});
    teller.submit("deposit", &cash).await.expect(201);
    let declined = teller.submit("withdraw", &cash).await;
    let declined = declined.refused(422, "account_frozen");
    assert!(declined["transaction_id"].is_string(), "{declined}");
    let unfreeze = teller.post(&format!("/api/accounts/{from}/unfreeze"));
    let open = unfreeze.await.expect(200);
    assert_json!(open, {"status": "open", "frozen": null});
    pair.send("1.00").await;
    refusals! {
        teller => POST "/api/accounts/{UNKNOWN_ID}/freeze" => 404 "not_found";
        teller => POST "/api/accounts/{UNKNOWN_ID}/unfreeze" => 404 "not_found";
    }
}

#[tokio::test]
async fn post_accounts_id_close() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    for closer in [&customer, &teller] {
        let id = customer.open_account("EUR").await;
        let deposit = cash(&id, "0.01", "EUR");
        teller.submit("deposit", &deposit).await.expect(201);
        let refused = closer.close(&id).await;
        refused.refused(409, "balance_not_zero");
        teller.submit("withdraw", &deposit).await.expect(201);
        assert_eq!(closer.close(&id).await.expect(200)["status"], "closed");
        let declined = teller.submit("deposit", &deposit).await;
        declined.refused(422, "account_closed");
        closer.close(UNKNOWN_ID).await.problem(404);
    }
}
