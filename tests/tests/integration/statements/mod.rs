//! Goal: a statement is what the account's owner, their spreadsheet, and their accountant's
//! software take for the truth, because it is.
//!
//! Method: a bank of the real binary; payments of every kind; the statement in each form, compared
//! with the account's entries, added up, checked by xmllint against ISO's schema of camt.053 and
//! what we know of OFX's (`tests/schemas`), and read by programs of others ([`readers`]). [`long`]
//! has those that are too long to be in memory. Who may read which, the tests of
//! `components/account` say.

mod forms;
mod long;
mod readers;

use std::ops::Deref;

use strongroom_tests::bank::{Pair, cash};
use strongroom_tests::{Bank, Value, assert_json, json, list, text};

/// Alice, with one entry of each kind on her account, and Bob, who was paid.
pub struct Statements {
    pair: Pair,
}

impl Deref for Statements {
    type Target = Pair;

    fn deref(&self) -> &Pair {
        &self.pair
    }
}

/// What Alice writes when she pays: nothing of it may break a form. XML has no U+FFFE.
const REFERENCE: &str = "=rent, \"November\" & <more>\u{fffe}";

impl Statements {
    async fn new() -> Self {
        let pair = Bank::shared().await.pair().await;
        Self { pair }
    }

    /// With a transfer, a capture, a withdrawal, and a reversal of the transfer.
    async fn busy() -> Self {
        let scene = Self::new().await;
        let pay = async |call: &str, body: &Value| {
            let paid = scene.alice.submit(call, body).await;
            paid.expect(201)
        };
        let mut body = scene.body("12.34");
        body["reference"] = json!(REFERENCE);
        let sent = pay("transfer", &body).await;
        body["amount"] = json!("40.00");
        let hold = pay("holds", &body).await;
        let capture = format!("holds/{}/capture", text(&hold["id"]));
        pay(&capture, &json!({"amount": "25.00"})).await;
        pay("withdraw", &cash(&scene.from, "0.66", "EUR")).await;
        let reverse = format!("{}/reverse", text(&sent["id"]));
        let reference = json!({"reference": "in error"});
        let reversed = scene.admin.submit(&reverse, &reference).await;
        reversed.expect(201);
        scene
    }

    pub fn path(&self, query: &str) -> String {
        format!("/api/accounts/{}/statement?{query}", self.from)
    }

    /// The statement from the bank's first day until now, as JSON.
    async fn statement(&self) -> Value {
        self.alice.read(&self.path(FROM_THE_FIRST_DAY)).await
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
async fn a_statement_has_the_account_s_entries_and_adds_up() {
    let scene = Statements::busy().await;
    let statement = scene.statement().await;
    let account = &statement["account"];
    let known = scene.alice.account(&scene.from).await;
    for member in ["id", "number", "owner_id", "type", "currency"] {
        assert_eq!(account[member], known[member]);
    }
    let mut entries = scene.alice.entries(&scene.from).await;
    entries.reverse();
    let lines = list(&statement["entries"]);
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
    assert_eq!(scene.alice.balance(&scene.from).await, "74.34");
    assert_json!(statement, {"opening_balance": "0.00", "closing_balance": "74.34"});
    assert_json!(statement, {
        "debits": {"count": 3, "sum": "38.00"}, "credits": {"count": 2, "sum": "112.34"},
    });
}
