//! Everything that a bank does with money, once: what is to be verified has rows of every kind.

use crate::bank::{Pair, cash};
use crate::{json, text};

impl Pair {
    /// A transfer and its reversal, a withdrawal, declines, holds with every end and without one,
    /// batches with a refusal and without one, postings of two entries with every end, a limit, and
    /// a freeze of Bob's account. One of the holds expires within a second.
    pub async fn do_business(&self) {
        let (alice, bob) = (&self.alice, &self.bob);
        let sent = self.send("30.00").await;
        let too_much = alice.submit("transfer", &self.body("9000")).await;
        too_much.refused(422, "insufficient_funds");
        let withdrawal = cash(&self.to, "1.00", "EUR");
        bob.submit("withdraw", &withdrawal).await.expect(201);
        let (captured, voided) = (self.hold(60).await, self.hold(60).await);
        self.hold(1).await;
        self.hold(6_000).await;
        let line = |amount: &str| self.body(amount);
        let mixed = [line("1.00"), line("9000"), json!({"amount": 1})];
        let sound = [line("1.00"), line("2.00")];
        let capture = format!("holds/{captured}/capture");
        let void = format!("holds/{voided}/void");
        for (call, body) in [
            (capture.as_str(), json!({"amount": "4.00"})),
            (void.as_str(), json!({})),
            ("batch", json!({"transfers": mixed, "atomic": false})),
            ("batch", json!({"transfers": sound, "atomic": true})),
        ] {
            alice.submit(call, &body).await.expect(201);
        }
        let split = alice.submit("postings", &self.posting("3.00")).await;
        let split = split.expect(201);
        let too_much = alice.submit("postings", &self.posting("9000.00")).await;
        too_much.refused(422, "insufficient_funds");
        for id in [&sent["id"], &split["id"]] {
            let reverse = format!("{}/reverse", text(id));
            let reference = json!({"reference": "sent in error"});
            let reversed = self.admin.submit(&reverse, &reference).await;
            reversed.expect(201);
        }
        let account = self.admin.patch(&format!("/api/accounts/{}", self.from));
        let limit = json!({"overdraft_limit": "50.00"});
        account.json(&limit).await.expect(200);
        let debits = json!({"stops": "debits"});
        self.admin.freeze(&self.to, &debits).await;
    }

    /// The id of a hold of 5.00 EUR that Alice places for so many seconds.
    async fn hold(&self, expires_in: u32) -> String {
        let mut body = self.body("5.00");
        body["expires_in"] = json!(expires_in);
        body["reference"] = json!("a deposit for a room");
        let held = self.alice.submit("holds", &body).await;
        text(&held.expect(201)["id"]).to_owned()
    }
}
