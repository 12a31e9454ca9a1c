//! Section 4: `/api/accounts`.

use strongroom_tests::bank::{new_key, text};
use strongroom_tests::{Bank, Value, json};

const NOBODYS_ID: &str = "01890000-0000-7000-8000-000000000000";

#[tokio::test]
async fn post_accounts() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    for (kind, currency, zero) in [
        ("checking", "EUR", "0.00"),
        ("savings", "JPY", "0"),
        ("checking", "KWD", "0.000"),
    ] {
        let body = json!({"type": kind, "currency": currency, "name": "Holidays"});
        let account = customer.post("/api/accounts").json(&body).await.expect(201);
        assert_eq!(
            (&account["type"], &account["currency"]),
            (&json!(kind), &json!(currency))
        );
        assert_eq!(
            (&account["name"], &account["status"]),
            (&json!("Holidays"), &json!("open"))
        );
        assert_eq!(account["owner_id"], customer.id);
        assert_eq!(
            (
                &account["balance"],
                &account["available"],
                &account["overdraft_limit"]
            ),
            (&json!(zero), &json!(zero), &json!(zero))
        );
        assert_is_account(&account);
    }
}

#[tokio::test]
async fn post_accounts_numbers_are_unique() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    customer.open_account("EUR").await;
    customer.open_account("EUR").await;
    let accounts = customer.all("/api/accounts?limit=500").await;
    assert_ne!(accounts[0]["number"], accounts[1]["number"]);
}

#[tokio::test]
async fn post_accounts_validation_failed() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let open = async |body: Value| customer.post("/api/accounts").json(&body).await;
    open(json!({"currency": "EUR"})).await.invalid("/type");
    open(json!({"type": "numbered", "currency": "EUR"}))
        .await
        .invalid("/type");
    open(json!({"type": "checking"})).await.invalid("/currency");
    for currency in ["", "EU", "EURO", "XYZ", "eur", "€"] {
        open(json!({"type": "checking", "currency": currency}))
            .await
            .invalid("/currency");
    }
    open(json!({"type": "checking", "currency": 978}))
        .await
        .invalid("/currency");
    open(json!({"type": "checking", "currency": "EUR", "balance": "1000.00"}))
        .await
        .invalid("/balance");
    open(json!({"type": "checking", "currency": "EUR", "owner_id": customer.id}))
        .await
        .invalid("/owner_id");
    open(json!({"type": "checking", "currency": "EUR", "name": "x".repeat(5_000)}))
        .await
        .invalid("/name");
    assert!(
        customer.all("/api/accounts?limit=500").await.is_empty(),
        "nothing was opened"
    );
}

#[tokio::test]
async fn get_accounts() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    assert!(customer.all("/api/accounts?limit=500").await.is_empty());
    let id = customer.open_account("EUR").await;
    let accounts = customer.all("/api/accounts?limit=500").await;
    assert_eq!(accounts.len(), 1);
    assert_eq!(
        accounts[0],
        customer
            .get(&format!("/api/accounts/{id}"))
            .await
            .expect(200)
    );
}

#[tokio::test]
async fn get_accounts_with_a_slash_at_the_end() {
    let bank = Bank::shared().await;
    bank.customer()
        .await
        .get("/api/accounts/")
        .await
        .expect(200);
}

#[tokio::test]
async fn get_accounts_user_user_id() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("EUR").await;
    let path = format!("/api/accounts/user/{}", customer.id);
    for reader in [
        &customer,
        &bank.staff("teller").await,
        &bank.staff("auditor").await,
        &bank.admin().await,
    ] {
        let accounts = reader.get(&path).await.expect(200);
        assert_eq!(accounts["data"][0]["id"], id);
        assert_eq!(accounts["data"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn get_accounts_id() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("EUR").await;
    let account = customer
        .get(&format!("/api/accounts/{id}"))
        .await
        .expect(200);
    assert_eq!(account["id"], id);
    assert_is_account(&account);
    for reader in [&bank.staff("teller").await, &bank.staff("auditor").await] {
        assert_eq!(
            reader.get(&format!("/api/accounts/{id}")).await.expect(200),
            account
        );
    }
}

#[tokio::test]
async fn get_accounts_id_unknown() {
    let bank = Bank::shared().await;
    for reader in [&bank.customer().await, &bank.admin().await] {
        for rest in ["", "/balance", "/entries"] {
            reader
                .get(&format!("/api/accounts/{NOBODYS_ID}{rest}"))
                .await
                .problem(404);
        }
    }
}

#[tokio::test]
async fn get_accounts_id_balance() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("EUR").await;
    bank.admin().await.deposit(&id, "12.34", "EUR").await;
    let balance = customer
        .get(&format!("/api/accounts/{id}/balance"))
        .await
        .expect(200);
    assert_eq!(
        (&balance["account_id"], &balance["currency"]),
        (&json!(id), &json!("EUR"))
    );
    assert_eq!(
        (&balance["balance"], &balance["available"]),
        (&json!("12.34"), &json!("12.34"))
    );
    assert_eq!(
        (&balance["pending_debits"], &balance["pending_credits"]),
        (&json!("0.00"), &json!("0.00"))
    );
    assert!(text(&balance["as_of"]).ends_with('Z'), "{balance}");
}

#[tokio::test]
async fn get_accounts_id_entries() {
    let bank = Bank::shared().await;
    let (customer, admin) = (bank.customer().await, bank.admin().await);
    let id = customer.open_account("EUR").await;
    let body = json!({"account_id": id, "amount": "5.00", "currency": "EUR", "reference": "first"});
    let first = admin.submit("deposit", &body).await.expect(201);
    let second = admin.deposit(&id, "7.00", "EUR").await;

    let entries = customer
        .all(&format!("/api/accounts/{id}/entries?limit=1"))
        .await;

    let [newest, oldest] = entries.as_slice() else {
        panic!("two entries: {entries:?}")
    };
    assert_eq!(
        (&newest["transaction_id"], &oldest["transaction_id"]),
        (&second["id"], &first["id"])
    );
    assert_eq!(
        (&oldest["amount"], &oldest["balance_after"]),
        (&json!("5.00"), &json!("5.00"))
    );
    assert_eq!(
        (&newest["amount"], &newest["balance_after"]),
        (&json!("7.00"), &json!("12.00"))
    );
    assert_eq!(
        (&oldest["reference"], &newest["reference"]),
        (&json!("first"), &Value::Null)
    );
    assert!(
        newest["sequence"].as_u64() > oldest["sequence"].as_u64(),
        "{entries:?}"
    );
    for entry in &entries {
        assert_eq!(
            (&entry["direction"], &entry["currency"]),
            (&json!("credit"), &json!("EUR"))
        );
        assert!(
            entry["id"].is_string() && text(&entry["created_at"]).ends_with('Z'),
            "{entry}"
        );
    }
}

#[tokio::test]
async fn post_accounts_id_freeze_and_unfreeze() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let (id, other) = (
        customer.open_account("EUR").await,
        customer.open_account("EUR").await,
    );
    teller.deposit(&id, "10.00", "EUR").await;

    let frozen = teller
        .post(&format!("/api/accounts/{id}/freeze"))
        .await
        .expect(200);
    assert_eq!(frozen["status"], "frozen");
    let declined = customer
        .transfer(&new_key(), &id, &other, "1.00")
        .await
        .refused(422, "account_frozen");
    assert!(declined["transaction_id"].is_string(), "{declined}");

    let open = teller
        .post(&format!("/api/accounts/{id}/unfreeze"))
        .await
        .expect(200);
    assert_eq!(open["status"], "open");
    customer
        .transfer(&new_key(), &id, &other, "1.00")
        .await
        .expect(201);
}

#[tokio::test]
async fn post_accounts_id_freeze_errors() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let id = customer.open_account("EUR").await;
    for action in ["freeze", "unfreeze"] {
        customer
            .post(&format!("/api/accounts/{id}/{action}"))
            .await
            .problem(403);
        teller
            .post(&format!("/api/accounts/{NOBODYS_ID}/{action}"))
            .await
            .problem(404);
    }
    bank.staff("auditor")
        .await
        .post(&format!("/api/accounts/{id}/freeze"))
        .await
        .problem(403);
    let account = customer
        .get(&format!("/api/accounts/{id}"))
        .await
        .expect(200);
    assert_eq!(account["status"], "open");
}

#[tokio::test]
async fn patch_accounts_id_overdraft_limit() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let (id, other) = (
        customer.open_account("EUR").await,
        customer.open_account("EUR").await,
    );
    let path = format!("/api/accounts/{id}");
    let account = teller
        .patch(&path)
        .json(&json!({"overdraft_limit": "50.00"}))
        .await
        .expect(200);
    assert_eq!(
        (&account["overdraft_limit"], &account["available"]),
        (&json!("50.00"), &json!("50.00"))
    );
    customer
        .transfer(&new_key(), &id, &other, "50.01")
        .await
        .refused(422, "insufficient_funds");
    customer
        .transfer(&new_key(), &id, &other, "50.00")
        .await
        .expect(201);
    assert_eq!(customer.balance(&id).await, "-50.00");
}

#[tokio::test]
async fn patch_accounts_id_errors() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let path = format!("/api/accounts/{}", customer.open_account("EUR").await);
    let limit = |amount: &str| json!({"overdraft_limit": amount});
    customer
        .patch(&path)
        .json(&limit("1000.00"))
        .await
        .problem(403);
    for amount in ["-1.00", "1.001", "much", "1e3", ""] {
        teller
            .patch(&path)
            .json(&limit(amount))
            .await
            .refused(422, "amount_invalid");
    }
    teller
        .patch(&path)
        .json(&json!({"overdraft_limit": 10}))
        .await
        .problem(422);
    teller
        .patch(&path)
        .json(&json!({"balance": "10.00"}))
        .await
        .invalid("/balance");
    teller
        .patch(&format!("/api/accounts/{NOBODYS_ID}"))
        .json(&limit("1.00"))
        .await
        .problem(404);
    assert_eq!(
        customer.get(&path).await.expect(200)["overdraft_limit"],
        "0.00"
    );
}

#[tokio::test]
async fn post_accounts_id_close() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    for closer in [&customer, &teller] {
        let id = customer.open_account("EUR").await;
        let account = closer
            .post(&format!("/api/accounts/{id}/close"))
            .await
            .expect(200);
        assert_eq!(account["status"], "closed");
        let deposit = json!({"account_id": id, "amount": "1.00", "currency": "EUR"});
        let declined = teller.submit("deposit", &deposit).await;
        declined.refused(422, "account_closed");
    }
}

#[tokio::test]
async fn post_accounts_id_close_needs_balance_zero() {
    let bank = Bank::shared().await;
    let (customer, admin) = (bank.customer().await, bank.admin().await);
    let id = customer.open_account("EUR").await;
    admin.deposit(&id, "0.01", "EUR").await;
    let refused = customer.post(&format!("/api/accounts/{id}/close")).await;
    assert!([409, 422].contains(&refused.status), "{}", refused.text());
    refused.problem(refused.status);
    assert_eq!(
        customer
            .get(&format!("/api/accounts/{id}"))
            .await
            .expect(200)["status"],
        "open"
    );
    customer
        .post(&format!("/api/accounts/{NOBODYS_ID}/close"))
        .await
        .problem(404);
}

#[track_caller]
fn assert_is_account(account: &Value) {
    for member in [
        "id",
        "number",
        "owner_id",
        "type",
        "currency",
        "status",
        "balance",
        "available",
        "overdraft_limit",
        "created_at",
    ] {
        assert!(
            account[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{member} in {account}"
        );
    }
    assert!(account.get("name").is_some(), "name in {account}");
    assert!(text(&account["created_at"]).ends_with('Z'), "{account}");
}
