//! Section 4: `/api/transactions`.

use strongroom_tests::bank::{new_key, text, transfer};
use strongroom_tests::{Answer, Bank, Client, Person, Value, json};

const NOBODYS_ID: &str = "01890000-0000-7000-8000-000000000000";

/// Two customers with an account each; the first has 100.00 EUR.
struct Payment {
    alice: Person,
    bob: Person,
    from: String,
    to: String,
}

impl Payment {
    async fn prepare(bank: &Bank) -> Self {
        let (alice, bob) = (bank.customer().await, bank.customer().await);
        let (from, to) = (
            alice.open_account("EUR").await,
            bob.open_account("EUR").await,
        );
        bank.admin().await.deposit(&from, "100.00", "EUR").await;
        Self {
            alice,
            bob,
            from,
            to,
        }
    }

    fn body(&self, amount: &str) -> Value {
        transfer(&self.from, &self.to, amount, "EUR")
    }
}

async fn post(client: &Client, call: &str, body: &Value) -> Answer {
    client
        .post(&format!("/api/transactions/{call}"))
        .key(&new_key())
        .json(body)
        .await
}

#[tokio::test]
async fn post_deposit() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("EUR").await;
    let body = json!({"account_id": id, "amount": "12.34", "currency": "EUR", "reference": "cash"});
    for staff in [&bank.staff("teller").await, &bank.admin().await] {
        let transaction = post(staff, "deposit", &body).await.expect(201);
        assert_eq!(
            (&transaction["type"], &transaction["status"]),
            (&json!("deposit"), &json!("posted"))
        );
        assert_eq!(
            (
                &transaction["from_account_id"],
                &transaction["to_account_id"]
            ),
            (&Value::Null, &json!(id))
        );
        assert_eq!(
            (&transaction["amount"], &transaction["reference"]),
            (&json!("12.34"), &json!("cash"))
        );
        assert_is_transaction(&transaction);
    }
    assert_eq!(customer.balance(&id).await, "24.68");
}

#[tokio::test]
async fn post_deposit_errors() {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let id = customer.open_account("EUR").await;
    let body = |account: &str, currency: &str| json!({"account_id": account, "amount": "1.00", "currency": currency});
    post(&customer, "deposit", &body(&id, "EUR"))
        .await
        .problem(403);
    post(&*bank.staff("auditor").await, "deposit", &body(&id, "EUR"))
        .await
        .problem(403);
    post(&teller, "deposit", &body(NOBODYS_ID, "EUR"))
        .await
        .problem(404);
    post(&teller, "deposit", &body("not an id", "EUR"))
        .await
        .invalid("/account_id");
    let declined = post(&teller, "deposit", &body(&id, "USD"))
        .await
        .refused(422, "currency_mismatch");
    assert!(declined["transaction_id"].is_string(), "{declined}");
    assert_eq!(customer.balance(&id).await, "0.00");
}

#[tokio::test]
async fn post_withdraw() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let body = json!({"account_id": payment.from, "amount": "30.00", "currency": "EUR"});
    for person in [&payment.alice, &bank.staff("teller").await] {
        let transaction = post(person, "withdraw", &body).await.expect(201);
        assert_eq!(
            (&transaction["type"], &transaction["status"]),
            (&json!("withdrawal"), &json!("posted"))
        );
        assert_eq!(
            (
                &transaction["from_account_id"],
                &transaction["to_account_id"]
            ),
            (&json!(payment.from), &Value::Null)
        );
        assert_is_transaction(&transaction);
    }
    assert_eq!(payment.alice.balance(&payment.from).await, "40.00");
}

#[tokio::test]
async fn post_withdraw_errors() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let body =
        |amount: &str| json!({"account_id": payment.from, "amount": amount, "currency": "EUR"});
    post(&payment.bob, "withdraw", &body("1.00"))
        .await
        .problem(404);
    post(&*bank.staff("auditor").await, "withdraw", &body("1.00"))
        .await
        .problem(403);
    post(&payment.alice, "withdraw", &body("100.01"))
        .await
        .refused(422, "insufficient_funds");
    assert_eq!(payment.alice.balance(&payment.from).await, "100.00");
}

#[tokio::test]
async fn post_transfer() {
    moves_money("transfer").await;
}

#[tokio::test]
async fn post_send() {
    moves_money("send").await;
}

async fn moves_money(call: &str) {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let mut body = payment.body("40.25");
    body["reference"] = json!("rent");
    body["metadata"] = json!({"flat": "3b", "month": "July"});
    let transaction = post(&payment.alice, call, &body).await.expect(201);
    assert_eq!(
        (&transaction["type"], &transaction["status"]),
        (&json!("transfer"), &json!("posted"))
    );
    assert_eq!(
        (
            &transaction["from_account_id"],
            &transaction["to_account_id"]
        ),
        (&json!(payment.from), &json!(payment.to))
    );
    assert_eq!(
        (&transaction["amount"], &transaction["currency"]),
        (&json!("40.25"), &json!("EUR"))
    );
    assert_eq!(
        (&transaction["reference"], &transaction["decline_code"]),
        (&json!("rent"), &Value::Null)
    );
    assert_is_transaction(&transaction);
    assert_eq!(payment.alice.balance(&payment.from).await, "59.75");
    assert_eq!(payment.bob.balance(&payment.to).await, "40.25");
}

#[tokio::test]
async fn post_transfer_to_an_account_number() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let account = payment
        .bob
        .get(&format!("/api/accounts/{}", payment.to))
        .await
        .expect(200);
    let body = json!({"from_account_id": payment.from, "to_account_number": account["number"], "amount": "1.00", "currency": "EUR"});
    let transaction = post(&payment.alice, "transfer", &body).await.expect(201);
    assert_eq!(transaction["to_account_id"], payment.to);
    assert_eq!(payment.bob.balance(&payment.to).await, "1.00");
}

#[tokio::test]
async fn post_transfer_names_its_target_once() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let account = payment
        .bob
        .get(&format!("/api/accounts/{}", payment.to))
        .await
        .expect(200);
    let mut both = payment.body("1.00");
    both["to_account_number"] = account["number"].clone();
    post(&payment.alice, "transfer", &both)
        .await
        .refused(422, "validation_failed");
    let neither = json!({"from_account_id": payment.from, "amount": "1.00", "currency": "EUR"});
    post(&payment.alice, "transfer", &neither)
        .await
        .refused(422, "validation_failed");
    let itself = transfer(&payment.from, &payment.from, "1.00", "EUR");
    post(&payment.alice, "transfer", &itself).await.problem(422);
    assert_eq!(payment.alice.balance(&payment.from).await, "100.00");
}

#[tokio::test]
async fn post_transfer_unknown_account() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    post(
        &payment.alice,
        "transfer",
        &transfer(&payment.from, NOBODYS_ID, "1.00", "EUR"),
    )
    .await
    .problem(404);
    post(
        &payment.alice,
        "transfer",
        &transfer(NOBODYS_ID, &payment.to, "1.00", "EUR"),
    )
    .await
    .problem(404);
    let number = json!({"from_account_id": payment.from, "to_account_number": "no such number", "amount": "1.00", "currency": "EUR"});
    let answer = post(&payment.alice, "transfer", &number).await;
    assert!([404, 422].contains(&answer.status), "{}", answer.text());
    assert_eq!(payment.alice.balance(&payment.from).await, "100.00");
}

#[tokio::test]
async fn post_transfer_is_for_the_owner_of_the_source() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    post(&payment.bob, "transfer", &payment.body("1.00"))
        .await
        .problem(404);
    post(
        &*bank.staff("auditor").await,
        "transfer",
        &payment.body("1.00"),
    )
    .await
    .problem(403);
    assert_eq!(payment.alice.balance(&payment.from).await, "100.00");
}

#[tokio::test]
async fn post_transfer_insufficient_funds() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let answer = post(&payment.alice, "transfer", &payment.body("100.01")).await;
    assert_declined(&payment.alice, &answer, "insufficient_funds").await;
    assert_eq!(payment.alice.balance(&payment.from).await, "100.00");
    assert!(
        payment.bob.entries(&payment.to).await.is_empty(),
        "a decline has no entries"
    );
}

#[tokio::test]
async fn post_transfer_account_frozen() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let freeze = format!("/api/accounts/{}/freeze", payment.from);
    bank.staff("teller").await.post(&freeze).await.expect(200);
    let answer = post(&payment.alice, "transfer", &payment.body("1.00")).await;
    assert_declined(&payment.alice, &answer, "account_frozen").await;
}

#[tokio::test]
async fn post_transfer_account_closed() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    payment
        .bob
        .post(&format!("/api/accounts/{}/close", payment.to))
        .await
        .expect(200);
    let answer = post(&payment.alice, "transfer", &payment.body("1.00")).await;
    assert_declined(&payment.alice, &answer, "account_closed").await;
}

#[tokio::test]
async fn post_transfer_currency_mismatch() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let answer = post(
        &payment.alice,
        "transfer",
        &transfer(&payment.from, &payment.to, "1.00", "USD"),
    )
    .await;
    assert_declined(&payment.alice, &answer, "currency_mismatch").await;
    let dollars = payment.bob.open_account("USD").await;
    let answer = post(
        &payment.alice,
        "transfer",
        &transfer(&payment.from, &dollars, "1.00", "EUR"),
    )
    .await;
    assert_declined(&payment.alice, &answer, "currency_mismatch").await;
}

#[tokio::test]
async fn post_deposit_limit_exceeded() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("JPY").await;
    // More than a balance can hold: the largest sum of minor units, twice.
    let body = json!({"account_id": id, "amount": "9223372036854775807", "currency": "JPY"});
    let admin = bank.admin().await;
    let mut last = post(&admin, "deposit", &body).await;
    if last.status == 201 {
        last = post(&admin, "deposit", &body).await;
    }
    assert_eq!(last.status, 422, "{}", last.text());
    let code = text(&last.problem(422)["code"]).to_owned();
    assert!(
        ["limit_exceeded", "amount_invalid"].contains(&code.as_str()),
        "{code}"
    );
    customer
        .get(&format!("/api/accounts/{id}/balance"))
        .await
        .expect(200);
}

#[tokio::test]
async fn idempotency_key_missing() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    for call in ["deposit", "withdraw", "transfer", "send"] {
        let path = format!("/api/transactions/{call}");
        let body = if call == "deposit" || call == "withdraw" {
            json!({"account_id": payment.from, "amount": "1.00", "currency": "EUR"})
        } else {
            payment.body("1.00")
        };
        let person = if call == "deposit" {
            &bank.admin().await
        } else {
            &payment.alice
        };
        person
            .post(&path)
            .json(&body)
            .await
            .refused(400, "idempotency_key_missing");
    }
    assert_eq!(payment.alice.balance(&payment.from).await, "100.00");
}

#[tokio::test]
async fn idempotency_key_of_the_wrong_shape() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let send = async |key: &str| {
        payment
            .alice
            .transfer(key, &payment.from, &payment.to, "1.00")
            .await
    };
    send("").await.problem(400);
    send(&"k".repeat(256)).await.problem(400);
    send("two words").await.problem(400);
    send("schlüssel").await.problem(400);
    assert_eq!(payment.alice.balance(&payment.from).await, "100.00");
    send(&"k".repeat(255)).await.expect(201);
    send("!~").await.expect(201);
    assert_eq!(payment.alice.balance(&payment.from).await, "98.00");
}

#[tokio::test]
async fn the_same_key_and_body_gets_the_stored_answer() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let key = new_key();
    let send = async || {
        payment
            .alice
            .transfer(&key, &payment.from, &payment.to, "1.00")
            .await
    };
    let first = send().await;
    let second = send().await;
    first.expect(201);
    second.expect(201);
    assert_eq!(first.body, second.body, "to the byte");
    assert!(!first.replayed() && second.replayed());
    assert_eq!(payment.alice.balance(&payment.from).await, "99.00");
}

#[tokio::test]
async fn the_same_key_and_another_spelling_of_the_body_is_the_same() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let key = new_key();
    let first = payment
        .alice
        .transfer(&key, &payment.from, &payment.to, "1.00")
        .await;
    let respelled = format!(
        "{{ \"currency\": \"EUR\",\n \"amount\": \"1.00\", \"to_account_id\": \"{}\", \"from_account_id\": \"{}\" }}",
        payment.to, payment.from
    );
    let call = payment.alice.post("/api/transactions/transfer").key(&key);
    let second = call.body("application/json", respelled).await;
    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!(payment.alice.balance(&payment.from).await, "99.00");
}

#[tokio::test]
async fn idempotency_key_reused() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let key = new_key();
    payment
        .alice
        .transfer(&key, &payment.from, &payment.to, "1.00")
        .await
        .expect(201);
    payment
        .alice
        .transfer(&key, &payment.from, &payment.to, "2.00")
        .await
        .refused(422, "idempotency_key_reused");
    payment
        .alice
        .transfer(&key, &payment.from, &payment.to, "1.00")
        .await
        .expect(201);
    assert_eq!(payment.alice.balance(&payment.from).await, "99.00");
}

#[tokio::test]
async fn a_key_belongs_to_its_user_and_call() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    bank.admin()
        .await
        .deposit(&payment.to, "100.00", "EUR")
        .await;
    let key = new_key();
    let alices = payment
        .alice
        .transfer(&key, &payment.from, &payment.to, "1.00")
        .await
        .expect(201);
    let bobs = payment
        .bob
        .transfer(&key, &payment.to, &payment.from, "1.00")
        .await;
    assert!(!bobs.replayed());
    assert_ne!(bobs.expect(201)["id"], alices["id"]);
    let withdrawal = json!({"account_id": payment.from, "amount": "1.00", "currency": "EUR"});
    let withdrawn = payment
        .alice
        .post("/api/transactions/withdraw")
        .key(&key)
        .json(&withdrawal)
        .await;
    assert!(!withdrawn.replayed());
    withdrawn.expect(201);
}

#[tokio::test]
async fn get_transactions_id() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let transaction = post(&payment.alice, "transfer", &payment.body("1.00"))
        .await
        .expect(201);
    let path = format!("/api/transactions/{}", text(&transaction["id"]));
    for reader in [
        &payment.alice,
        &payment.bob,
        &bank.staff("teller").await,
        &bank.staff("auditor").await,
    ] {
        assert_eq!(reader.get(&path).await.expect(200), transaction);
    }
}

#[tokio::test]
async fn get_transactions_id_unknown() {
    let bank = Bank::shared().await;
    for reader in [&bank.customer().await, &bank.admin().await] {
        reader
            .get(&format!("/api/transactions/{NOBODYS_ID}"))
            .await
            .problem(404);
    }
}

#[tokio::test]
async fn get_transactions_by_account_id() {
    let bank = Bank::shared().await;
    let payment = Payment::prepare(&bank).await;
    let transaction = post(&payment.alice, "transfer", &payment.body("1.00"))
        .await
        .expect(201);
    let declined = post(&payment.alice, "transfer", &payment.body("1000.00"))
        .await
        .refused(422, "insufficient_funds");

    let listed = payment
        .alice
        .all(&format!(
            "/api/transactions?account_id={}&limit=1",
            payment.from
        ))
        .await;

    let statuses: Vec<&str> = listed.iter().map(|one| text(&one["status"])).collect();
    assert_eq!(
        statuses,
        ["declined", "posted", "posted"],
        "newest first: {listed:?}"
    );
    assert_eq!(
        (&listed[0]["id"], &listed[0]["decline_code"]),
        (&declined["transaction_id"], &json!("insufficient_funds"))
    );
    assert_eq!(listed[1], transaction);
    assert_eq!(listed[2]["type"], "deposit");
    let bobs = payment
        .bob
        .all(&format!("/api/transactions?account_id={}", payment.to))
        .await;
    assert!(bobs.contains(&transaction), "{bobs:?}");
}

#[tokio::test]
async fn get_transactions_errors() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    customer
        .get(&format!("/api/transactions?account_id={NOBODYS_ID}"))
        .await
        .problem(404);
    for query in ["", "?account_id=", "?account_id=not-an-id"] {
        let answer = customer.get(&format!("/api/transactions{query}")).await;
        assert!(
            [200, 400, 422].contains(&answer.status),
            "{query}: {}",
            answer.text()
        );
    }
}

/// A decline is 422 with the id of a transaction that says so.
async fn assert_declined(person: &Person, answer: &Answer, code: &str) {
    let declined = answer.refused(422, code);
    let transaction = person
        .get(&format!(
            "/api/transactions/{}",
            text(&declined["transaction_id"])
        ))
        .await
        .expect(200);
    assert_eq!(
        (&transaction["status"], &transaction["decline_code"]),
        (&json!("declined"), &json!(code))
    );
}

#[track_caller]
fn assert_is_transaction(transaction: &Value) {
    let members = [
        "id",
        "type",
        "status",
        "from_account_id",
        "to_account_id",
        "amount",
        "currency",
        "reference",
        "decline_code",
        "created_at",
        "posted_at",
        "sequence",
    ];
    for member in members {
        assert!(
            transaction.get(member).is_some(),
            "{member} in {transaction}"
        );
    }
    assert!(
        text(&transaction["created_at"]).ends_with('Z')
            && text(&transaction["posted_at"]).ends_with('Z'),
        "{transaction}"
    );
    assert!(
        transaction["sequence"]
            .as_u64()
            .is_some_and(|sequence| sequence >= 1),
        "{transaction}"
    );
}
