//! Goal: a statement is what the account's owner, their spreadsheet, and their accountant's software take for the truth, because it is.
//!
//! Method: a bank of the real binary; payments of every kind; the statement in each form, compared
//! with the account's entries, added up, checked by xmllint against ISO's schema of camt.053 and
//! what we know of OFX's (`tests/schemas`), and read by programs of others ([`readers`]). [`long`]
//! has those that are too long to be in memory.

mod forms;
mod long;
mod readers;

use strongroom_tests::bank::{new_key, text, transfer};
use strongroom_tests::{Answer, Bank, Person, Value, json};

/// Alice, with one entry of each kind on her account, and Bob, who was paid.
pub struct Scene {
    pub bank: &'static Bank,
    pub admin: Person,
    pub alice: Person,
    pub bob: Person,
    pub account: String,
    pub other: String,
}

/// What Alice writes when she pays: nothing of it may break a form. U+FFFE is no character that XML has.
pub const REFERENCE: &str = "=rent, \"November\" & <more>\u{fffe}";

impl Scene {
    async fn new() -> Self {
        let bank = Bank::shared().await;
        let admin = bank.admin().await;
        let (alice, bob) = (bank.customer().await, bank.customer().await);
        let account = alice.open_account("EUR").await;
        let other = bob.open_account("EUR").await;
        admin.deposit(&account, "100.00", "EUR").await;
        Self {
            bank,
            admin,
            alice,
            bob,
            account,
            other,
        }
    }

    /// With a transfer, a capture, a withdrawal, and a reversal of the transfer.
    async fn busy() -> Self {
        let scene = Self::new().await;
        let mut body = transfer(&scene.account, &scene.other, "12.34", "EUR");
        body["reference"] = json!(REFERENCE);
        let sent = scene.pay("transfer", &body).await;
        body["amount"] = json!("40.00");
        let hold = scene.pay("holds", &body).await;
        let capture = format!("holds/{}/capture", text(&hold["id"]));
        scene.pay(&capture, &json!({"amount": "25.00"})).await;
        let cash = json!({"account_id": scene.account, "amount": "0.66", "currency": "EUR"});
        scene.pay("withdraw", &cash).await;
        let reverse = format!("/api/transactions/{}/reverse", text(&sent["id"]));
        let reversal = scene.admin.post(&reverse).key(&new_key());
        reversal
            .json(&json!({"reference": "in error"}))
            .await
            .expect(201);
        scene
    }

    async fn pay(&self, call: &str, body: &Value) -> Value {
        let path = format!("/api/transactions/{call}");
        let call = self.alice.post(&path).key(&new_key()).json(body);
        call.await.expect(201)
    }

    pub fn path(&self, query: &str) -> String {
        format!("/api/accounts/{}/statement?{query}", self.account)
    }

    async fn ask(&self, person: &Person, query: &str) -> Answer {
        person.get(&self.path(query)).await
    }

    /// The statement from the bank's first day until now, as JSON.
    async fn statement(&self) -> Value {
        self.ask(&self.alice, FROM_THE_FIRST_DAY).await.expect(200)
    }
}

/// No bank of a test is older.
pub const FROM_THE_FIRST_DAY: &str = "from=2020-01-01";

/// The minor units of a decimal string.
#[track_caller]
pub fn minor(decimal: &Value) -> i64 {
    let digits = text(decimal).replace('.', "");
    digits.parse().expect("a decimal")
}

#[tokio::test]
async fn the_owner_and_staff_read_a_statement_and_nobody_else() {
    let scene = Scene::new().await;
    let own = scene.statement().await;
    for role in ["teller", "auditor", "admin"] {
        let staff = scene.bank.staff(role).await;
        let mut seen = scene.ask(&staff, FROM_THE_FIRST_DAY).await.expect(200);
        seen["as_of"] = own["as_of"].clone();
        assert_eq!(seen, own);
    }
    for query in [
        FROM_THE_FIRST_DAY,
        "from=never",
        "from=2020-01-01&format=csv",
    ] {
        let refused = scene.ask(&scene.bob, query).await;
        refused.refused(404, "not_found");
    }
    let nowhere = "/api/accounts/01890000-0000-7000-8000-000000000000/statement?from=2020-01-01";
    scene.alice.get(nowhere).await.refused(404, "not_found");
    let stranger = scene.bank.client();
    stranger
        .get(&scene.path(FROM_THE_FIRST_DAY))
        .await
        .no_token();
}

#[tokio::test]
async fn a_statement_has_the_account_s_entries_and_adds_up() {
    let scene = Scene::busy().await;
    let statement = scene.statement().await;
    let account = &statement["account"];
    let path = format!("/api/accounts/{}", scene.account);
    let known = scene.alice.get(&path).await.expect(200);
    for member in ["id", "number", "owner_id", "type", "currency"] {
        assert_eq!(account[member], known[member]);
    }
    let mut entries = scene.alice.entries(&scene.account).await;
    entries.reverse();
    let lines = statement["entries"].as_array().expect("a list");
    assert_eq!(lines.len(), entries.len());
    let mut balance = minor(&statement["opening_balance"]);
    for (line, entry) in lines.iter().zip(&entries) {
        for (member, value) in entry.as_object().expect("an object") {
            assert_eq!(&line[member], value, "{line}");
        }
        let sign = if line["direction"] == "debit" { -1 } else { 1 };
        balance += sign * minor(&line["amount"]);
        assert_eq!(balance, minor(&line["balance_after"]), "{line}");
    }
    assert_eq!(balance, minor(&statement["closing_balance"]));
    assert_eq!(scene.alice.balance(&scene.account).await, "74.34");
    assert_eq!(
        (&statement["opening_balance"], &statement["closing_balance"]),
        (&json!("0.00"), &json!("74.34"))
    );
    assert_eq!(
        (&statement["debits"], &statement["credits"]),
        (
            &json!({"count": 3, "sum": "38.00"}),
            &json!({"count": 2, "sum": "112.34"})
        )
    );
}

#[tokio::test]
async fn an_entry_says_what_moved_the_money_and_who_was_on_the_other_side() {
    let scene = Scene::busy().await;
    let statement = scene.statement().await;
    let path = format!("/api/accounts/{}", scene.other);
    let other = scene.bob.get(&path).await.expect(200)["number"].clone();
    let lines = statement["entries"].as_array().expect("a list");
    let said: Vec<_> = lines
        .iter()
        .map(|line| {
            let counterparty = &line["counterparty_number"];
            (
                text(&line["type"]),
                counterparty,
                &line["reversal"],
                &line["reference"],
            )
        })
        .collect();
    let (no, yes, nothing) = (&json!(false), &json!(true), &Value::Null);
    assert_eq!(
        said,
        [
            ("deposit", nothing, no, nothing),
            ("transfer", &other, no, &json!(REFERENCE)),
            ("capture", &other, no, &lines[2]["reference"]),
            ("withdrawal", nothing, no, nothing),
            ("reversal", &other, yes, &json!("in error")),
        ]
    );
}

#[tokio::test]
async fn of_a_past_period_the_statement_is_final_and_the_same_again() {
    let scene = Scene::new().await;
    let past = "from=2020-01-01&to=2020-01-31";
    for format in ["json", "csv", "camt.053", "ofx"] {
        let query = format!("{past}&format={format}");
        let first = scene.ask(&scene.alice, &query).await;
        assert_eq!(first.status, 200);
        scene.admin.deposit(&scene.account, "1.00", "EUR").await;
        let again = scene.ask(&scene.alice, &query).await;
        assert_eq!(again.body, first.body, "{format}");
    }
    let statement = scene.ask(&scene.alice, past).await.expect(200);
    assert_eq!(
        (&statement["final"], &statement["as_of"]),
        (&json!(true), &json!("2020-01-31T23:59:59.999Z"))
    );
    assert_eq!(statement["entries"], json!([]));
    assert_eq!(scene.statement().await["final"], false);
}

#[tokio::test]
async fn what_is_no_period_and_no_format_is_refused() {
    let scene = Scene::new().await;
    let ask = async |query: &str| scene.ask(&scene.alice, query).await;
    ask("").await.invalid("/from");
    ask("to=2020-01-01").await.invalid("/from");
    for wrong in [
        "",
        "2020",
        "2020-02-30",
        "2020-01-01T00:00:00Z",
        "01.01.2020",
    ] {
        ask(&format!("from={wrong}")).await.invalid("/from");
        ask(&format!("from=2020-01-01&to={wrong}"))
            .await
            .invalid("/to");
    }
    ask("from=2020-02-01&to=2020-01-31").await.invalid("/from");
    ask("from=2020-01-01&until=2020-01-31")
        .await
        .invalid("/until");
    ask("from=2020-01-01&from=2020-01-01")
        .await
        .invalid("/from");
    let unknown = ask("from=2020-01-01&format=pdf").await;
    unknown.invalid("/format");
    let detail = &unknown.problem(422)["errors"][0]["detail"];
    assert_eq!(detail, "must be one of json, csv, camt.053, ofx");
    let future = ask("from=2020-01-01&to=9999-12-31").await;
    let problem = future.refused(422, "period_in_future");
    assert_eq!(problem["errors"][0]["pointer"], "/to");
    ask("from=9999-12-31")
        .await
        .refused(422, "period_in_future");
}
