//! Goal: a statement is what the account's owner, their spreadsheet, and their accountant's
//! software take for the truth, because it is.
//!
//! Method: a bank of the real binary; payments of every kind; the statement in each form, checked
//! by xmllint against ISO's schema of camt.053 and what we know of OFX's (`tests/schemas`), and
//! read by programs of others ([`readers`]). [`long`] has those that are too long to be in memory.
//! Who may read which, and that each form has the entries of the ledger and adds up, the tests of
//! `components/account` say.

mod forms;
mod long;
mod readers;

use std::ops::Deref;

use strongroom_tests::bank::{Pair, cash};
use strongroom_tests::{Bank, Value, json, text};

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
    /// With a transfer, a capture, a withdrawal, and a reversal of the transfer.
    async fn busy() -> Self {
        let pair = Bank::shared().await.pair().await;
        let scene = Self { pair };
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
        scene.admin.submit(&reverse, &reference).await.expect(201);
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
