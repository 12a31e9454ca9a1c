//! Goal: staff can stop one side of an account, anybody can ask what it once had, and an auditor can prove both without trusting the bank.
//! Method: real payments around each freeze and each moment; the journal's hashes computed anew from their documented encoding alone.

use std::time::Duration;

use sha2::{Digest, Sha256};
use strongroom_tests::bank::{Bank, Person, text, transfer};
use strongroom_tests::{Answer, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// As long as the clock may need to leave a millisecond.
const A_FEW_MS: Duration = Duration::from_millis(5);

struct Scene {
    bank: &'static Bank,
    customer: Person,
    teller: Person,
    account: String,
    other: String,
}

/// A customer with 100 EUR on one account, and another account.
async fn scene() -> Scene {
    let bank = Bank::shared().await;
    let (customer, teller) = (bank.customer().await, bank.staff("teller").await);
    let account = customer.open_account("EUR").await;
    let other = customer.open_account("EUR").await;
    teller.deposit(&account, "100.00", "EUR").await;
    Scene {
        bank,
        customer,
        teller,
        account,
        other,
    }
}

impl Scene {
    async fn freeze(&self, body: &Value) -> Value {
        let path = format!("/api/accounts/{}/freeze", self.account);
        self.teller.post(&path).json(body).await.expect(200)
    }

    async fn unfreeze(&self) -> Value {
        let path = format!("/api/accounts/{}/unfreeze", self.account);
        self.teller.post(&path).await.expect(200)
    }

    async fn pay_out(&self) -> Answer {
        let body = transfer(&self.account, &self.other, "1.00", "EUR");
        self.customer.submit("transfer", &body).await
    }

    async fn pay_in(&self) -> Answer {
        let deposit = json!({"account_id": self.account, "amount": "1.00", "currency": "EUR"});
        self.teller.submit("deposit", &deposit).await
    }

    async fn balance_at(&self, at: &str) -> Answer {
        self.customer
            .get(&format!("/api/accounts/{}/balance?at={at}", self.account))
            .await
    }
}

#[tokio::test]
async fn an_account_frozen_for_debits_pays_nothing_and_still_receives() {
    let scene = scene().await;
    let frozen = scene.freeze(&json!({"stops": "debits"})).await;
    assert_eq!(
        (&frozen["status"], &frozen["frozen"]),
        (&json!("frozen"), &json!("debits"))
    );
    scene.pay_out().await.refused(422, "account_frozen");
    scene.pay_in().await.expect(201);
    assert_eq!(scene.customer.balance(&scene.account).await, "101.00");
}

#[tokio::test]
async fn an_account_frozen_for_credits_receives_nothing_and_still_pays() {
    let scene = scene().await;
    let frozen = scene.freeze(&json!({"stops": "credits"})).await;
    assert_eq!(frozen["frozen"], "credits");
    scene.pay_in().await.refused(422, "account_frozen");
    scene.pay_out().await.expect(201);
    assert_eq!(scene.customer.balance(&scene.account).await, "99.00");
}

#[tokio::test]
async fn a_freeze_without_a_side_stops_both_and_each_freeze_replaces_the_one_before() {
    let scene = scene().await;
    for (body, stops) in [
        (json!({"stops": "debits"}), "debits"),
        (json!({}), "both"),
        (json!({"stops": "both"}), "both"),
    ] {
        assert_eq!(scene.freeze(&body).await["frozen"], stops);
    }
    scene.pay_out().await.refused(422, "account_frozen");
    scene.pay_in().await.refused(422, "account_frozen");
    let open = scene.unfreeze().await;
    assert_eq!(
        (&open["status"], open.get("frozen")),
        (&json!("open"), None)
    );
    scene.pay_out().await.expect(201);
    scene.pay_in().await.expect(201);
}

#[tokio::test]
async fn a_freeze_of_no_side_is_refused() {
    let scene = scene().await;
    let path = format!("/api/accounts/{}/freeze", scene.account);
    let freeze = async |body: Value| scene.teller.post(&path).json(&body).await;
    freeze(json!({"stops": "withdrawals"}))
        .await
        .invalid("/stops");
    freeze(json!({"stops": {"debits": null}}))
        .await
        .invalid("/stops");
    freeze(json!({"debits": true})).await.invalid("/debits");
    scene.pay_out().await.expect(201);
}

#[tokio::test]
async fn each_moment_between_payments_has_its_balance() {
    let scene = scene().await;
    let mut moments = Vec::new();
    for amount in ["1.00", "20.00", "0.37"] {
        tokio::time::sleep(A_FEW_MS).await;
        let body = transfer(&scene.account, &scene.other, amount, "EUR");
        let paid = scene.customer.submit("transfer", &body);
        let paid = paid.await.expect(201);
        moments.push(text(&paid["posted_at"]).to_owned());
    }
    tokio::time::sleep(A_FEW_MS).await;
    for _again in 0..2 {
        for (moment, balance) in moments.iter().zip(["99.00", "79.00", "78.63"]) {
            let past = scene.balance_at(moment).await.expect(200);
            assert_eq!(
                past,
                json!({"account_id": scene.account, "currency": "EUR", "balance": balance, "as_of": moment})
            );
        }
        // What comes later changes nothing of what was.
        scene.pay_out().await.expect(201);
    }
}

#[tokio::test]
async fn before_its_opening_an_account_had_nothing() {
    let scene = scene().await;
    let past = scene
        .balance_at("2020-01-01T00:00:00%2B01:00")
        .await
        .expect(200);
    assert_eq!(
        (&past["balance"], &past["as_of"]),
        (&json!("0.00"), &json!("2019-12-31T23:00:00.000Z"))
    );
}

#[tokio::test]
async fn the_future_and_what_is_no_time_are_refused() {
    let scene = scene().await;
    scene
        .balance_at("9999-12-31T23:59:59Z")
        .await
        .refused(422, "at_in_future");
    for wrong in [
        "",
        "yesterday",
        "2026-01-01",
        "1795374657",
        "2026-02-30T00:00:00Z",
    ] {
        scene.balance_at(wrong).await.invalid("/at");
    }
    let path = format!("/api/accounts/{}/balance?when=now", scene.account);
    scene.customer.get(&path).await.invalid("/when");
    let stranger = scene.bank.customer().await;
    stranger
        .get(&format!(
            "/api/accounts/{}/balance?at=2020-01-01T00:00:00Z",
            scene.account
        ))
        .await
        .problem(404);
}

#[tokio::test]
async fn an_auditor_computes_every_hash_of_the_journal_anew() {
    let scene = scene().await;
    let paid = scene.pay_out().await.expect(201);
    let cash = scene.pay_in().await;
    let too_much = transfer(&scene.account, &scene.other, "1000000.00", "EUR");
    let declined = scene.customer.submit("transfer", &too_much).await;
    let declined = declined.refused(422, "insufficient_funds");
    let hold = hold(&scene).await;
    let void = format!("holds/{}/void", text(&hold["id"]));
    scene.customer.submit(&void, &json!({})).await.expect(201);
    let auditor = scene.bank.staff("auditor").await;
    let rows = whole_journal(&auditor).await;
    let mut previous = [0_u8; 32];
    for (row, sequence) in rows.iter().zip(1_u64..) {
        assert_eq!(row["sequence"], sequence);
        assert_eq!(text(&row["previous_hash"]), hex(&previous));
        previous = Sha256::digest(encode(&previous, row)).into();
        assert_eq!(text(&row["hash"]), hex(&previous), "{row}");
    }
    let found = |id: &Value| {
        let found = rows.iter().find(|row| row["id"] == *id);
        found.unwrap_or_else(|| panic!("{id} is not in the journal"))
    };
    let row = found(&paid["id"]);
    assert_eq!(row["debit_account_id"], json!(scene.account));
    assert_eq!(row["actor_kind"], "user");
    assert_eq!(row["actor_id"], json!(scene.customer.id));
    assert_eq!(row["entries"].as_array().map(Vec::len), Some(2));
    assert_eq!(row["entries"][0]["owner_id"], json!(scene.customer.id));
    for member in ["on_behalf_of", "request_id", "denied_by"] {
        assert_eq!(row.get(member), Some(&Value::Null), "{member}");
    }
    let row = found(&cash.expect(201)["id"]);
    assert_eq!(row["actor_id"], json!(scene.teller.id));
    assert_eq!(row["request_id"].as_str(), cash.header("x-request-id"));
    let row = found(&declined["transaction_id"]);
    assert_eq!(row["decline_code"], "insufficient_funds");
    assert!(found(&hold["id"])["expires_at"].is_string());
}

#[tokio::test]
async fn the_journal_is_for_auditors() {
    let scene = scene().await;
    for reader in [&scene.customer, &scene.teller] {
        for path in ["/api/accounts/journal", "/api/accounts/events"] {
            reader.get(path).await.problem(403);
        }
    }
    let auditor = scene.bank.staff("auditor").await;
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("after_sequence=-1", "/after_sequence"),
        ("cursor=x", "/cursor"),
    ] {
        for list in ["journal", "events"] {
            auditor
                .get(&format!("/api/accounts/{list}?{query}"))
                .await
                .invalid(pointer);
        }
    }
}

#[tokio::test]
async fn what_staff_do_to_an_account_is_told_with_its_request() {
    let scene = scene().await;
    let path = format!("/api/accounts/{}", scene.account);
    let limit = scene
        .teller
        .patch(&path)
        .json(&json!({"overdraft_limit": "12.50"}))
        .await;
    limit.expect(200);
    let frozen = scene
        .teller
        .post(&format!("{path}/freeze"))
        .json(&json!({"stops": "debits"}))
        .await;
    frozen.expect(200);
    let auditor = scene.bank.staff("auditor").await;
    let events = auditor.all(&format!("{path}/events?limit=1")).await;
    let [freeze, change, opened] = events.as_slice() else {
        panic!("three events: {events:?}")
    };
    for (event, action, before, after, answer) in [
        (freeze, "frozen", "open", "frozen:debits", &frozen),
        (change, "overdraft_limit_changed", "0.00", "12.50", &limit),
    ] {
        assert_eq!(
            (&event["action"], &event["old_value"], &event["new_value"]),
            (&json!(action), &json!(before), &json!(after))
        );
        assert_eq!(
            (&event["actor_id"], &event["actor_role"]),
            (&json!(scene.teller.id), &json!("teller"))
        );
        assert_eq!(
            event["request_id"].as_str(),
            answer.header("x-request-id"),
            "{event}"
        );
        assert!(text(&event["created_at"]).ends_with('Z'), "{event}");
    }
    assert_eq!(
        (&opened["action"], &opened["actor_id"]),
        (&json!("opened"), &json!(scene.customer.id))
    );
    scene
        .customer
        .get(&format!("{path}/events"))
        .await
        .problem(403);

    let before = freeze["sequence"].as_u64().expect("a sequence") - 1;
    let all = auditor
        .get(&format!(
            "/api/accounts/events?after_sequence={before}&limit=1"
        ))
        .await
        .expect(200);
    assert_eq!(all["data"], json!([freeze]));
    assert_eq!(all["next_after_sequence"], freeze["sequence"]);
}

#[tokio::test]
async fn a_change_of_a_role_is_told_with_its_request() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    let promoted = admin
        .call("PATCH", &format!("/api/auth/users/{}", customer.id))
        .json(&json!({"role": "teller"}))
        .await;
    promoted.expect(200);
    let auditor = bank.staff("auditor").await;
    for reader in [&admin, &auditor] {
        let events = reader
            .all(&format!("/api/auth/events?user_id={}&limit=1", customer.id))
            .await;
        let [event] = events.as_slice() else {
            panic!("one event: {events:?}")
        };
        assert_eq!(
            (&event["action"], &event["old_value"], &event["new_value"]),
            (&json!("user.role"), &json!("customer"), &json!("teller"))
        );
        assert_eq!(event["actor_id"], json!(admin.id));
        assert_eq!(
            event["request_id"].as_str(),
            promoted.header("x-request-id")
        );
    }
    for reader in [&bank.customer().await, &bank.staff("teller").await] {
        reader.get("/api/auth/events").await.problem(403);
    }
}

#[tokio::test]
async fn an_account_is_paid_by_its_iban_and_not_by_a_mistyped_one() {
    let scene = scene().await;
    let path = format!("/api/accounts/{}", scene.other);
    let account = scene.customer.get(&path).await.expect(200);
    let number = text(&account["number"]);
    assert_eq!(remainder_97(number), 1, "{number}");
    let pay = async |number: &str| {
        let mut body = transfer(&scene.account, "", "1.00", "EUR");
        let members = body.as_object_mut().expect("an object");
        members.remove("to_account_id");
        members.insert("to_account_number".to_owned(), json!(number));
        scene.customer.submit("transfer", &body).await
    };
    assert_eq!(
        pay(number).await.expect(201)["to_account_id"],
        json!(scene.other)
    );
    let last = u32::from(number.as_bytes()[number.len() - 1] - b'0');
    let mistyped = format!("{}{}", &number[..number.len() - 1], (last + 1) % 10);
    pay(&mistyped).await.invalid("/to_account_number");
    assert_eq!(scene.customer.balance(&scene.other).await, "1.00");
}

#[tokio::test]
async fn an_account_with_a_hold_on_it_or_in_its_favour_is_not_closed() {
    let scene = scene().await;
    let limit = json!({"overdraft_limit": "10.00"});
    let path = format!("/api/accounts/{}", scene.account);
    scene.teller.patch(&path).json(&limit).await.expect(200);
    let hold = hold(&scene).await;
    let emptied = transfer(&scene.account, &scene.other, "100.00", "EUR");
    let emptied = scene.customer.submit("transfer", &emptied);
    emptied.await.expect(201);
    let close = async |account: &str| {
        let path = format!("/api/accounts/{account}/close");
        scene.customer.post(&path).await
    };
    assert_eq!(scene.customer.balance(&scene.account).await, "0.00");
    close(&scene.account).await.refused(409, "balance_not_zero");
    let void = format!("holds/{}/void", text(&hold["id"]));
    scene.customer.submit(&void, &json!({})).await.expect(201);
    assert_eq!(close(&scene.account).await.expect(200)["status"], "closed");
}

/// A hold of 5 EUR.
async fn hold(scene: &Scene) -> Value {
    let body = transfer(&scene.account, &scene.other, "5.00", "EUR");
    scene.customer.submit("holds", &body).await.expect(201)
}

/// All rows so far, in pages that do not divide them evenly, and are no more than the rate of the feed allows.
async fn whole_journal(auditor: &Person) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/accounts/journal?after_sequence={after}&limit=337");
        let page = auditor.get(&path).await.expect(200);
        rows.extend_from_slice(page["data"].as_array().expect("a list"));
        after = page["next_after_sequence"].as_u64().expect("a sequence");
        if page["has_more"] == false {
            return rows;
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// ISO 7064 MOD 97-10 of an IBAN: 1 where it is valid.
fn remainder_97(iban: &str) -> u32 {
    let (front, rest) = iban.split_at(4);
    format!("{rest}{front}")
        .chars()
        .filter_map(|character| character.to_digit(36))
        .fold(0, |remainder, value| {
            let shift = if value < 10 { 10 } else { 100 };
            (remainder * shift + value) % 97
        })
}

/// The bytes that a row's hash is made of, as the encoding `SRJ1` says.
fn encode(previous: &[u8; 32], row: &Value) -> Vec<u8> {
    let mut bytes = previous.to_vec();
    bytes.extend_from_slice(b"SRJ1");
    bytes.extend(integer(&row["sequence"]));
    bytes.extend(uuid(&row["id"]));
    bytes.extend(unhex(text(&row["fingerprint"])));
    bytes.push(code_of(&row["kind"], KINDS));
    bytes.push(code_of(&row["status"], STATUSES));
    bytes.push(match &row["decline_code"] {
        Value::Null => 0,
        code => code_of(code, DECLINES),
    });
    bytes.extend(optional(&row["denied_by"], text_with_length));
    bytes.push(code_of(&row["actor_kind"], &["user", "bank"]));
    bytes.extend(uuid(&row["actor_id"]));
    bytes.extend(optional(&row["on_behalf_of"], uuid));
    bytes.extend(optional(&row["request_id"], text_with_length));
    for side in ["debit", "credit"] {
        let owner = uuid_or_nil(&row[format!("{side}_owner_id")]);
        let account = &row[format!("{side}_account_id")];
        bytes.extend(optional(account, |id| [uuid(id), owner].concat()));
    }
    bytes.extend(amount(&row["amount"]));
    bytes.extend_from_slice(text(&row["currency"]).as_bytes());
    for member in ["reference", "metadata"] {
        bytes.extend(optional(&row[member], text_with_length));
    }
    bytes.extend(time(&row["requested_at"]));
    bytes.extend(time(&row["recorded_at"]));
    bytes.extend(optional(&row["subject_sequence"], integer));
    bytes.extend(optional(&row["expires_at"], time));
    let entries = row["entries"].as_array().expect("a list");
    let count = u16::try_from(entries.len()).expect("few entries");
    bytes.extend(count.to_be_bytes());
    for entry in entries {
        bytes.extend(integer(&entry["sequence"]));
        bytes.extend(uuid(&entry["account_id"]));
        bytes.extend(uuid(&entry["owner_id"]));
        bytes.extend(integer(&entry["account_sequence"]));
        bytes.push(code_of(&entry["direction"], &["debit", "credit"]));
        bytes.extend(amount(&entry["amount"]));
        bytes.extend(amount(&entry["balance_after"]));
    }
    bytes
}

const KINDS: &[&str] = &[
    "deposit",
    "withdrawal",
    "transfer",
    "hold",
    "capture",
    "void",
    "expiry",
    "reversal",
];

const STATUSES: &[&str] = &["posted", "declined", "pending", "voided", "expired"];

const DECLINES: &[&str] = &[
    "account_closed",
    "account_frozen",
    "currency_mismatch",
    "limit_exceeded",
    "insufficient_funds",
    "cancelled",
    "already_captured",
    "already_voided",
    "hold_expired",
    "amount_exceeds_hold",
    "already_reversed",
    "not_reversible",
    "batch_declined",
    "screening_denied",
];

/// A word's place in a list of the encoding, from 1.
fn code_of(word: &Value, words: &[&str]) -> u8 {
    let place = words.iter().position(|known| *known == text(word));
    let place = place.unwrap_or_else(|| panic!("{word} is not in {words:?}"));
    u8::try_from(place + 1).expect("few words")
}

/// What may be missing: 0, or 1 and the value.
fn optional<T: AsRef<[u8]>>(value: &Value, encode: impl FnOnce(&Value) -> T) -> Vec<u8> {
    match value {
        Value::Null => vec![0],
        value => [&[1], encode(value).as_ref()].concat(),
    }
}

fn text_with_length(value: &Value) -> Vec<u8> {
    let text = text(value).as_bytes();
    let length = u32::try_from(text.len()).expect("a short text");
    [&length.to_be_bytes(), text].concat()
}

fn integer(value: &Value) -> [u8; 8] {
    value.as_u64().expect("an integer").to_be_bytes()
}

fn uuid(value: &Value) -> [u8; 16] {
    Uuid::parse_str(text(value)).expect("a UUID").into_bytes()
}

fn uuid_or_nil(value: &Value) -> [u8; 16] {
    value.as_str().map_or([0; 16], |_| uuid(value))
}

fn unhex(digits: &str) -> Vec<u8> {
    let places = (0..digits.len()).step_by(2);
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16);
    places
        .map(|place| byte(place).expect("hexadecimal"))
        .collect()
}

/// Minor units are the digits of the decimal string.
fn amount(value: &Value) -> [u8; 8] {
    let digits = text(value).replace('.', "");
    digits.parse::<i64>().expect("an amount").to_be_bytes()
}

/// Milliseconds since 1970.
fn time(value: &Value) -> [u8; 8] {
    let time = OffsetDateTime::parse(text(value), &Rfc3339).expect("a time");
    let ms = time.unix_timestamp_nanos() / 1_000_000;
    i64::try_from(ms).expect("a time of this age").to_be_bytes()
}
