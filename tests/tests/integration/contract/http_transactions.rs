//! Section 4: `/api/transactions`. What a repeated request gets is in `repeats.rs`.

use strongroom_tests::bank::{Pair, new_key, text, transfer};
use strongroom_tests::{Answer, Bank, Person, Value, json};

const NOBODYS_ID: &str = "01890000-0000-7000-8000-000000000000";
/// The IBAN of another bank.
const NOBODYS_NUMBER: &str = "DE44500105175407324931";

/// The body of a deposit or a withdrawal.
fn cash(account: &str, amount: &str, currency: &str) -> Value {
    json!({"account_id": account, "amount": amount, "currency": currency})
}

#[tokio::test]
async fn post_deposit() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("EUR").await;
    let mut body = cash(&id, "12.34", "EUR");
    body["reference"] = json!("cash");
    for staff in [&bank.staff("teller").await, &bank.admin().await] {
        let posted = staff.submit("deposit", &body).await.expect(201);
        let expected = json!({"type": "deposit", "from_account_id": null, "to_account_id": id, "amount": "12.34", "reference": "cash"});
        assert_transaction(&posted, &expected);
    }
    assert_eq!(customer.balance(&id).await, "24.68");
}

#[tokio::test]
async fn post_withdraw() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let body = cash(&pair.from, "30.00", "EUR");
    for person in [&pair.alice, &bank.staff("teller").await] {
        let posted = person.submit("withdraw", &body).await.expect(201);
        let expected = json!({"type": "withdrawal", "from_account_id": pair.from, "to_account_id": null, "amount": "30.00"});
        assert_transaction(&posted, &expected);
    }
    assert_eq!(pair.alice.balance(&pair.from).await, "40.00");
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
    let pair = bank.pair().await;
    let mut body = pair.body("40.25");
    body["reference"] = json!("rent");
    body["metadata"] = json!({"flat": "3b", "month": "July"});
    let posted = pair.alice.submit(call, &body).await.expect(201);
    body["type"] = json!("transfer");
    assert_transaction(&posted, &body);
    assert_eq!(pair.alice.balance(&pair.from).await, "59.75");
    assert_eq!(pair.bob.balance(&pair.to).await, "40.25");
}

#[tokio::test]
async fn post_transfer_to_an_account_number() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let posted = pair.alice.submit("transfer", &by_number(&pair).await);
    assert_eq!(posted.await.expect(201)["to_account_id"], pair.to);
    assert_eq!(pair.bob.balance(&pair.to).await, "1.00");
}

/// The body of a transfer of 1.00 EUR that names the account to credit by its number.
async fn by_number(pair: &Pair) -> Value {
    let path = format!("/api/accounts/{}", pair.to);
    let account = pair.bob.get(&path).await.expect(200);
    json!({"from_account_id": pair.from, "to_account_number": account["number"], "amount": "1.00", "currency": "EUR"})
}

#[tokio::test]
async fn what_is_refused_says_why_and_moves_nothing() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let (teller, auditor) = (&bank.staff("teller").await, &bank.staff("auditor").await);
    let (eur, good) = (cash(&pair.from, "1.00", "EUR"), pair.body("1.00"));
    let to = |id: &str| transfer(&pair.from, id, "1.00", "EUR");
    let mut both = by_number(&pair).await;
    both["to_account_id"] = json!(pair.to);
    let neither = json!({"from_account_id": pair.from, "amount": "1.00", "currency": "EUR"});
    let mut no_number = neither.clone();
    no_number["to_account_number"] = json!(NOBODYS_NUMBER);
    let (not_found, invalid) = ((404, "account_not_found"), (422, "validation_failed"));
    for (person, call, body, (status, code), pointer) in [
        (
            teller,
            "deposit",
            &cash(NOBODYS_ID, "1.00", "EUR"),
            not_found,
            "/account_id",
        ),
        (
            teller,
            "deposit",
            &cash("not an id", "1.00", "EUR"),
            invalid,
            "/account_id",
        ),
        (bob, "withdraw", &eur, not_found, "/account_id"),
        (bob, "transfer", &good, not_found, "/from_account_id"),
        (
            alice,
            "transfer",
            &to(NOBODYS_ID),
            not_found,
            "/to_account_id",
        ),
        (
            alice,
            "transfer",
            &to(&pair.from),
            invalid,
            "/to_account_id",
        ),
        (
            alice,
            "transfer",
            &no_number,
            not_found,
            "/to_account_number",
        ),
        (alice, "transfer", &both, invalid, "/to_account_id"),
        (alice, "transfer", &neither, invalid, "/to_account_id"),
    ] {
        let answer = person.submit(call, body).await;
        answer.refused_at(status, code, pointer);
    }
    for (person, call, body) in [
        (alice, "deposit", &eur),
        (auditor, "deposit", &eur),
        (auditor, "withdraw", &eur),
        (auditor, "transfer", &good),
    ] {
        let answer = person.submit(call, body).await;
        answer.refused(403, "forbidden");
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
    assert!(bob.entries(&pair.to).await.is_empty());
}

/// Three accounts of a person: a frozen one, a closed one, and one of dollars.
async fn accounts_that_take_no_euros(owner: &Person, teller: &Person) -> [String; 3] {
    let frozen = owner.open_account("EUR").await;
    let closed = owner.open_account("EUR").await;
    let dollars = owner.open_account("USD").await;
    let freeze = teller.post(&format!("/api/accounts/{frozen}/freeze"));
    freeze.await.expect(200);
    let close = owner.post(&format!("/api/accounts/{closed}/close"));
    close.await.expect(200);
    [frozen, closed, dollars]
}

#[tokio::test]
async fn what_is_declined_is_recorded_with_its_code() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let teller = &bank.staff("teller").await;
    let [frozen, closed, dollars] = accounts_that_take_no_euros(bob, teller).await;
    let to = |id: &str| transfer(&pair.from, id, "1.00", "EUR");
    for (person, call, body, code) in [
        (
            alice,
            "transfer",
            &pair.body("100.01"),
            "insufficient_funds",
        ),
        (
            alice,
            "withdraw",
            &cash(&pair.from, "100.01", "EUR"),
            "insufficient_funds",
        ),
        (alice, "transfer", &to(&frozen), "account_frozen"),
        (alice, "transfer", &to(&closed), "account_closed"),
        (alice, "transfer", &to(&dollars), "currency_mismatch"),
        (
            alice,
            "transfer",
            &transfer(&pair.from, &pair.to, "1.00", "USD"),
            "currency_mismatch",
        ),
        (
            teller,
            "deposit",
            &cash(&pair.from, "1.00", "USD"),
            "currency_mismatch",
        ),
    ] {
        let answer = person.submit(call, body).await;
        assert_declined(person, &answer, code).await;
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
    assert!(bob.entries(&pair.to).await.is_empty());
}

#[tokio::test]
async fn a_payer_without_the_money_learns_nothing_of_the_payee() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let teller = &bank.staff("teller").await;
    let [frozen, closed, dollars] = accounts_that_take_no_euros(bob, teller).await;
    let mut by_number = by_number(&pair).await;
    by_number["amount"] = json!("100.01");
    let mut by_no_number = by_number.clone();
    by_no_number["to_account_number"] = json!(NOBODYS_NUMBER);
    let to = |id: &str| transfer(&pair.from, id, "100.01", "EUR");
    let payees = [&pair.to, &frozen, &closed, &dollars, NOBODYS_ID].map(to);
    for body in payees.iter().chain([&by_number, &by_no_number]) {
        for call in ["transfer", "send", "holds"] {
            let answer = alice.submit(call, body).await;
            assert_declined(alice, &answer, "insufficient_funds").await;
            let id = &answer.problem(422)["transaction_id"];
            let path = format!("/api/transactions/{}", text(id));
            let seen = alice.get(&path).await.expect(200);
            assert_eq!(seen["to_account_id"], Value::Null, "{seen}");
        }
        let batch = json!({"transfers": [body], "atomic": false});
        let batch = alice.submit("batch", &batch).await.expect(201);
        let line = &batch["outcomes"][0];
        assert_eq!(line["code"], "insufficient_funds", "{batch}");
        assert_eq!(line.get("pointer"), None, "{batch}");
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
}

#[tokio::test]
async fn post_deposit_limit_exceeded() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("JPY").await;
    // More than a balance can hold: the largest sum of minor units, twice.
    let body = cash(&id, "9223372036854775807", "JPY");
    let admin = bank.admin().await;
    let mut last = admin.submit("deposit", &body).await;
    if last.status == 201 {
        last = admin.submit("deposit", &body).await;
    }
    let code = last.problem(422)["code"].clone();
    assert!(
        code == "limit_exceeded" || code == "amount_invalid",
        "{code}"
    );
    let balance = format!("/api/accounts/{id}/balance");
    customer.get(&balance).await.expect(200);
}

#[tokio::test]
async fn idempotency_key_missing() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, admin) = (&pair.alice, &bank.admin().await);
    let (eur, good) = (cash(&pair.from, "1.00", "EUR"), pair.body("1.00"));
    let batch = json!({"transfers": [good], "atomic": true});
    for (person, call, body) in [
        (admin, "deposit", &eur),
        (alice, "withdraw", &eur),
        (alice, "transfer", &good),
        (alice, "send", &good),
        (alice, "batch", &batch),
    ] {
        let call = person.post(&format!("/api/transactions/{call}"));
        let answer = call.json(body).await;
        answer.refused(400, "idempotency_key_missing");
    }
    assert_eq!(alice.balance(&pair.from).await, "100.00");
}

#[tokio::test]
async fn idempotency_key_of_the_wrong_shape() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let send = async |key: &str| {
        let sent = pair.alice.transfer(key, &pair.from, &pair.to, "1.00");
        sent.await
    };
    for wrong in ["", &"k".repeat(256), "two words", "schlüssel"] {
        send(wrong).await.problem(400);
    }
    assert_eq!(pair.alice.balance(&pair.from).await, "100.00");
    for right in [&"k".repeat(255), "!~"] {
        send(right).await.expect(201);
    }
    assert_eq!(pair.alice.balance(&pair.from).await, "98.00");
}

#[tokio::test]
async fn the_same_key_and_another_spelling_of_the_body_is_the_same() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let key = new_key();
    let sent = pair.alice.transfer(&key, &pair.from, &pair.to, "1.00");
    let first = sent.await;
    let respelled = format!(
        "{{ \"currency\": \"EUR\",\n \"amount\": \"1.0\", \"to_account_id\": \"{}\", \"from_account_id\": \"{}\" }}",
        pair.to, pair.from
    );
    let call = pair.alice.post("/api/transactions/transfer").key(&key);
    let second = call.body("application/json", respelled).await;
    assert!(second.replayed());
    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!(pair.alice.balance(&pair.from).await, "99.00");
}

#[tokio::test]
async fn a_key_belongs_to_its_user_and_call() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let admin = bank.admin().await;
    admin.deposit(&pair.to, "100.00", "EUR").await;
    let key = new_key();
    let back = transfer(&pair.to, &pair.from, "1.00", "EUR");
    let mut ids = Vec::new();
    for (person, call, body) in [
        (&pair.alice, "transfer", pair.body("1.00")),
        (&pair.bob, "transfer", back),
        (&pair.alice, "withdraw", cash(&pair.from, "1.00", "EUR")),
    ] {
        let call = person.post(&format!("/api/transactions/{call}"));
        let answer = call.key(&key).json(&body).await;
        assert!(!answer.replayed());
        ids.push(answer.expect(201)["id"].clone());
    }
    assert!(ids[0] != ids[1] && ids[0] != ids[2]);
}

#[tokio::test]
async fn get_transactions_id() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let sent = pair.send("1.00").await;
    let path = format!("/api/transactions/{}", text(&sent["id"]));
    let (teller, auditor) = (bank.staff("teller").await, bank.staff("auditor").await);
    for reader in [&pair.alice, &pair.bob, &teller, &auditor] {
        assert_eq!(reader.get(&path).await.expect(200), sent);
    }
    let unknown = format!("/api/transactions/{NOBODYS_ID}");
    for reader in [&pair.alice, &auditor] {
        reader.get(&unknown).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn staff_see_in_which_request_staff_moved_money_and_customers_do_not() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let id = customer.open_account("EUR").await;
    let teller = bank.staff("teller").await;
    let deposit = teller.submit("deposit", &cash(&id, "1.00", "EUR")).await;
    let deposited = deposit.expect(201);
    let path = format!("/api/transactions/{}", text(&deposited["id"]));
    let seen = teller.get(&path).await.expect(200);
    let request_id = deposit.header("x-request-id");
    assert_eq!(seen["request_id"].as_str(), request_id);
    // Neither the owner nor the response to the request says so.
    assert_eq!(customer.get(&path).await.expect(200), deposited);
    assert_eq!(deposited.get("request_id"), None);
}

#[tokio::test]
async fn get_transactions_by_account_id() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let sent = pair.send("1.00").await;
    let declined = pair.alice.submit("transfer", &pair.body("1000.00")).await;
    let declined = declined.refused(422, "insufficient_funds");

    let list = format!("/api/transactions?account_id={}&limit=1", pair.from);
    let [newest, second, oldest] = &pair.alice.all(&list).await[..] else {
        panic!("three transactions")
    };
    assert_eq!(newest["id"], declined["transaction_id"]);
    assert_eq!(newest["status"], "declined");
    assert_eq!(newest["decline_code"], "insufficient_funds");
    assert_eq!(second, &sent);
    assert_eq!(oldest["type"], "deposit");
    let list = format!("/api/transactions?account_id={}&limit=1", pair.to);
    assert_eq!(pair.bob.all(&list).await, [sent]);
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
    let path = format!("/api/transactions/{}", text(&declined["transaction_id"]));
    let found = person.get(&path).await.expect(200);
    assert_eq!(
        (&found["status"], &found["decline_code"]),
        (&json!("declined"), &json!(code))
    );
}

/// A posted transaction has every member of the contract, and these values.
#[track_caller]
fn assert_transaction(transaction: &Value, expected: &Value) {
    for member in [
        "id",
        "type",
        "status",
        "from_account_id",
        "to_account_id",
        "amount",
        "currency",
        "reference",
        "metadata",
        "decline_code",
        "created_at",
        "posted_at",
        "sequence",
    ] {
        let value = transaction.get(member);
        assert!(value.is_some(), "{member} in {transaction}");
    }
    for (member, value) in expected.as_object().expect("an object") {
        assert_eq!(&transaction[member], value, "{member} of {transaction}");
    }
    assert_eq!(transaction["status"], "posted");
    assert_eq!(transaction["decline_code"], Value::Null);
    for member in ["created_at", "posted_at"] {
        assert!(text(&transaction[member]).ends_with('Z'), "{transaction}");
    }
    assert!(transaction["sequence"].as_u64() >= Some(1), "{transaction}");
}
