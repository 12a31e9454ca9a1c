//! `/api/accounts`: the shape of each call. Who may call it is in `authorization.rs`.

use strongroom_tests::bank::{Person, UNKNOWN_ID, cash, new_key};
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};
use uuid::Uuid;

#[tokio::test]
async fn post_and_get_accounts() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let long = "x".repeat(5_000);
    refusals! {
        customer => POST "/api/accounts" {"currency": "EUR"} => 422 "validation_failed" "/type";
        customer => POST "/api/accounts" {"type": "numbered", "currency": "EUR"}
            => 422 "validation_failed" "/type";
        customer => POST "/api/accounts" {"type": "checking"} => 422 "validation_failed" "/currency";
        customer => POST "/api/accounts" {"type": "checking", "currency": "XYZ"}
            => 422 "validation_failed" "/currency";
        customer => POST "/api/accounts" {"type": "checking", "currency": "eur"}
            => 422 "validation_failed" "/currency";
        customer => POST "/api/accounts" {"type": "checking", "currency": 978}
            => 422 "validation_failed" "/currency";
        customer => POST "/api/accounts" {"type": "checking", "currency": "EUR", "balance": "9"}
            => 422 "validation_failed" "/balance";
        customer => POST "/api/accounts" {"type": "checking", "currency": "EUR", "owner_id": "x"}
            => 422 "validation_failed" "/owner_id";
        customer => POST "/api/accounts"
            {"type": "checking", "currency": "EUR", "owner_id": UNKNOWN_ID}
            => 403 "forbidden" "/owner_id";
        customer => POST "/api/accounts" {"type": "internal", "currency": "EUR", "code": "fees"}
            => 403 "forbidden" "/type";
        customer => POST "/api/accounts" {"type": "checking", "currency": "EUR", "code": "fees"}
            => 422 "validation_failed" "/code";
        customer => POST "/api/accounts" {"type": "checking", "currency": "EUR", "name": long}
            => 422 "validation_failed" "/name";
        customer => POST "/api/accounts"
            {"type": "checking", "currency": "EUR", "metadata": {"a": long}}
            => 422 "validation_failed" "/metadata";
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
        assert!(
            opened
                .iter()
                .all(|other: &Value| other["number"] != account["number"])
        );
        assert_eq!(customer.account(text(&account["id"])).await, account);
        opened.insert(0, account);
    }
    assert_eq!(customer.all("/api/accounts?limit=2").await, opened);
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
    let bank = Bank::shared().await;
    let (teller, customer) = (bank.staff("teller").await, bank.customer().await);
    let owner = Uuid::now_v7().to_string();
    let body = json!({"type": "checking", "currency": "EUR", "owner_id": owner});
    let owned = teller.post("/api/accounts").json(&body).await.expect(201);
    assert_json!(owned, {"owner_id": owner, "code": null});
    let code = format!("fees_{}", Uuid::now_v7().simple());
    let body = json!({"type": "internal", "currency": "EUR", "code": code, "name": "Fees"});
    let fees = teller.post("/api/accounts").json(&body).await.expect(201);
    assert_json!(fees, {
        "type": "internal", "code": code, "owner_id": Uuid::nil(), "overdraft_limit": null,
        "available": "0.00",
    });
    let (fees, owned) = (text(&fees["id"]), text(&owned["id"]));
    refusals! {
        teller => POST "/api/accounts" (body) => 409 "code_taken" "/code";
        teller => POST "/api/accounts" {"type": "internal", "currency": "EUR"}
            => 422 "validation_failed" "/code";
        teller => POST "/api/accounts"
            {"type": "internal", "currency": "EUR", "code": code, "owner_id": owner}
            => 422 "validation_failed" "/owner_id";
        customer => GET "/api/accounts/{fees}" => 404 "not_found";
        customer => GET "/api/accounts/{owned}" => 404 "not_found";
    }
    // A fee, from the customer; and what the bank pays out of it goes below zero.
    let own = customer.open_account("EUR").await;
    teller.deposit(&own, "10.00", "EUR").await;
    let fee = customer.transfer(&new_key(), &own, fees, "1.00").await;
    assert_json!(fee.expect(201), {"to_account_id": fees});
    let out = cash(fees, "5.00", "EUR");
    let out = teller.submit("withdraw", &out).await.expect(201);
    assert_json!(out, {"from_account_id": fees});
    assert_json!(teller.account(fees).await, {"balance": "-4.00", "available": "-4.00"});
    let back = customer.transfer(&new_key(), fees, &own, "1.00").await;
    back.refused(404, "account_not_found");
}

#[tokio::test]
async fn get_accounts_by_each_filter() {
    let bank = Bank::shared().await;
    let (teller, customer) = (bank.staff("teller").await, bank.customer().await);
    let stranger = bank.customer().await;
    let euros = customer.open_account("EUR").await;
    let yen = customer.open_account("JPY").await;
    teller.freeze(&yen, &json!({})).await;
    let number = text(&customer.account(&euros).await["number"]).to_owned();
    let owner = &customer.id;
    for (filter, expected) in [
        (format!("number={number}"), vec![&euros]),
        ("currency=JPY".to_owned(), vec![&yen]),
        ("status=frozen".to_owned(), vec![&yen]),
        ("status=open&type=checking".to_owned(), vec![&euros]),
        ("type=savings".to_owned(), vec![]),
        ("code=fees".to_owned(), vec![]),
    ] {
        let ids = async |person: &Person, query: String| {
            let list = person
                .all(&format!("/api/accounts?{query}&limit=500"))
                .await;
            let ids = list.iter().map(|account| text(&account["id"]).to_owned());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(
            ids(&customer, filter.clone())
                .await
                .iter()
                .collect::<Vec<_>>(),
            expected
        );
        let of_owner = format!("{filter}&owner_id={owner}");
        assert_eq!(
            ids(&teller, of_owner.clone())
                .await
                .iter()
                .collect::<Vec<_>>(),
            expected
        );
        assert!(ids(&stranger, of_owner).await.is_empty());
    }
    refusals! {
        teller => GET "/api/accounts?status=lost" => 422 "validation_failed" "/status";
        teller => GET "/api/accounts?currency=euro" => 422 "validation_failed" "/currency";
        teller => GET "/api/accounts?type=settlement" => 422 "validation_failed" "/type";
        teller => GET "/api/accounts?owner_id=7" => 422 "validation_failed" "/owner_id";
        teller => GET "/api/accounts?code=F%20ees" => 422 "validation_failed" "/code";
        teller => GET "/api/accounts?balance=7" => 422 "validation_failed" "/balance";
    }
}

#[tokio::test]
async fn patch_accounts_id_name_and_metadata() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let (stranger, auditor) = (bank.customer().await, bank.staff("auditor").await);
    let id = customer.open_account("EUR").await;
    let path = format!("/api/accounts/{id}");
    for (person, body, name, metadata) in [
        (
            &customer,
            json!({"name": "Rent", "metadata": {"a": "1", "b": "2"}}),
            json!("Rent"),
            json!({"a": "1", "b": "2"}),
        ),
        (
            &teller,
            json!({"metadata": {"a": null}}),
            json!("Rent"),
            json!({"b": "2"}),
        ),
        (
            &customer,
            json!({"name": null, "metadata": null}),
            Value::Null,
            json!({}),
        ),
    ] {
        let changed = person.patch(&path).json(&body).await.expect(200);
        assert_eq!((&changed["name"], &changed["metadata"]), (&name, &metadata));
        assert_eq!(customer.account(&id).await, changed);
    }
    refusals! {
        customer => PATCH "{path}" {"name": ""} => 422 "validation_failed" "/name";
        customer => PATCH "{path}" {"metadata": {"a": 1}} => 422 "validation_failed" "/metadata/a";
        customer => PATCH "{path}" {"metadata": {"": "a"}} => 422 "validation_failed" "/metadata";
        customer => PATCH "{path}" {"name": "x", "overdraft_limit": "1.00"} => 403 "forbidden";
        auditor => PATCH "{path}" {"name": "x"} => 403 "forbidden";
        stranger => PATCH "{path}" {"name": "x"} => 404 "not_found";
        teller => PATCH "{path}" {"overdraft_limit": null}
            => 422 "validation_failed" "/overdraft_limit";
    }
    assert_json!(customer.account(&id).await, {"name": null, "overdraft_limit": "0.00"});
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

/// Which movements a frozen account refuses, and in which words the account says so.
#[tokio::test]
async fn post_accounts_id_freeze_and_unfreeze() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let teller = bank.staff("teller").await;
    let from = &pair.from;
    let (debit, credit) = (cash(from, "1.00", "EUR"), cash(from, "1.00", "EUR"));
    for (body, stops, [pays, receives]) in [
        (json!({"stops": "debits"}), "debits", [false, true]),
        (json!({"stops": "credits"}), "credits", [true, false]),
        (json!({}), "both", [false, false]),
    ] {
        let frozen = teller.freeze(from, &body).await;
        assert_json!(frozen, {"status": "frozen", "frozen": stops});
        for (call, body, passes) in [("withdraw", &debit, pays), ("deposit", &credit, receives)] {
            let answer = teller.submit(call, body).await;
            if passes {
                answer.expect(201);
            } else {
                let declined = answer.refused(422, "account_frozen");
                assert!(declined["transaction_id"].is_string(), "{declined}");
            }
        }
    }
    let unfreeze = teller.post(&format!("/api/accounts/{from}/unfreeze"));
    let open = unfreeze.await.expect(200);
    assert_json!(open, {"status": "open", "frozen": null});
    pair.send("1.00").await;
    refusals! {
        teller => POST "/api/accounts/{from}/freeze" {"stops": "withdrawals"}
            => 422 "validation_failed" "/stops";
        teller => POST "/api/accounts/{from}/freeze" {"debits": true}
            => 422 "validation_failed" "/debits";
        teller => POST "/api/accounts/{UNKNOWN_ID}/freeze" => 404 "not_found";
        teller => POST "/api/accounts/{UNKNOWN_ID}/unfreeze" => 404 "not_found";
    }
    assert_eq!(pair.alice.account(from).await["status"], "open");
}

#[tokio::test]
async fn patch_accounts_id_overdraft_limit() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let id = customer.open_account("EUR").await;
    let other = customer.open_account("EUR").await;
    let account = teller.set_overdraft(&id, "50.00").await;
    assert_json!(account, {"overdraft_limit": "50.00", "available": "50.00"});
    let pay = async |amount| customer.transfer(&new_key(), &id, &other, amount).await;
    pay("50.01").await.refused(422, "insufficient_funds");
    pay("50.00").await.expect(201);
    assert_eq!(customer.balance(&id).await, "-50.00");
    refusals! {
        teller => PATCH "/api/accounts/{id}" {"overdraft_limit": "-1.00"} => 422 "amount_invalid";
        teller => PATCH "/api/accounts/{id}" {"overdraft_limit": "60.001"} => 422 "amount_invalid";
        teller => PATCH "/api/accounts/{id}" {"overdraft_limit": 60}
            => 422 "amount_invalid" "/overdraft_limit";
        teller => PATCH "/api/accounts/{id}" {"balance": "60.00"}
            => 422 "validation_failed" "/balance";
        teller => PATCH "/api/accounts/{UNKNOWN_ID}" {"overdraft_limit": "1.00"} => 404 "not_found";
    }
    assert_eq!(customer.account(&id).await["overdraft_limit"], "50.00");
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
