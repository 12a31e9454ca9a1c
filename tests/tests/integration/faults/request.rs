//! What a client asks for, what it means for the accounts, and what came of it.

use strongroom_tests::bank::entry;
use strongroom_tests::bank::{day, new_key};
use strongroom_tests::{Person, Value, json, text};

/// When standing orders begin that are there to be kept, not to be paid.
const ORDERS_BEGIN_IN_DAYS: i64 = 30;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The owner of the account at this place.
    Customer(usize),
    Staff,
}

/// One transaction that is asked for. Accounts are named by their places.
#[derive(Debug, Clone)]
pub struct RequestLine {
    /// In the word of the journal.
    pub kind: &'static str,
    /// None for the bank's own account.
    pub from: Option<usize>,
    pub to: usize,
    pub amount_cents: i64,
    /// What it adds to what is reserved of `from` for `to`: more by a hold, less by a capture or a
    /// void.
    pub held_cents: i64,
}

impl RequestLine {
    pub fn transfer(from: usize, to: usize, amount_cents: i64) -> Self {
        Self {
            kind: "transfer",
            from: Some(from),
            to,
            amount_cents,
            held_cents: 0,
        }
    }

    /// What moves if it is accepted.
    pub fn posted_cents(&self) -> i64 {
        match self.kind {
            "hold" | "void" => 0,
            _ => self.amount_cents,
        }
    }

    /// The status that the journal has if it is accepted.
    pub fn accepted_status(&self) -> &'static str {
        match self.kind {
            "hold" => "pending",
            "void" => "voided",
            _ => "posted",
        }
    }
}

/// A request under its idempotency key. Sent again it is the same request.
#[derive(Debug, Clone)]
pub struct KeyedRequest {
    pub asker: Asker,
    path: String,
    key: String,
    body: Option<Value>,
    pub lines: Vec<RequestLine>,
}

impl KeyedRequest {
    fn new(asker: Asker, path: &str, body: Option<Value>, lines: Vec<RequestLine>) -> Self {
        Self {
            asker,
            path: format!("/api/transactions{path}"),
            key: new_key(),
            body,
            lines,
        }
    }

    pub fn deposit(accounts: &[String], to: usize, cents: i64) -> Self {
        let line = RequestLine {
            kind: "deposit",
            from: None,
            ..RequestLine::transfer(to, to, cents)
        };
        let body = json!({"account_id": accounts[to], "amount": decimal(cents), "currency": "EUR"});
        Self::new(Asker::Staff, "/deposit", Some(body), vec![line])
    }

    pub fn transfer(accounts: &[String], from: usize, to: usize, cents: i64) -> Self {
        let line = RequestLine::transfer(from, to, cents);
        let body = body_of(accounts, &line);
        Self::new(Asker::Customer(from), "/transfer", Some(body), vec![line])
    }

    /// The same as a posting of two entries.
    pub fn posting(accounts: &[String], from: usize, to: usize, cents: i64) -> Self {
        let line = RequestLine {
            kind: "posting",
            ..RequestLine::transfer(from, to, cents)
        };
        let entry = |account: usize, direction| {
            entry(&accounts[account], direction, &decimal(cents), "EUR")
        };
        let body = json!({"entries": [entry(from, "debit"), entry(to, "credit")]});
        Self::new(Asker::Customer(from), "/postings", Some(body), vec![line])
    }

    /// A hold that ends by itself after `expires_in` seconds.
    pub fn hold(accounts: &[String], from: usize, to: usize, cents: i64, expires_in: u32) -> Self {
        let line = RequestLine {
            kind: "hold",
            held_cents: cents,
            ..RequestLine::transfer(from, to, cents)
        };
        let mut body = body_of(accounts, &line);
        body["expires_in"] = json!(expires_in);
        Self::new(Asker::Customer(from), "/holds", Some(body), vec![line])
    }

    /// Takes `cents` of a hold, and releases the rest.
    pub fn capture(hold: &FinalAnswer, cents: i64) -> Self {
        let line = RequestLine {
            kind: "capture",
            amount_cents: cents,
            held_cents: -hold.request.lines[0].held_cents,
            ..hold.request.lines[0].clone()
        };
        let path = format!("/holds/{}/capture", hold.transactions()[0]);
        let body = json!({"amount": decimal(cents)});
        Self::new(hold.request.asker, &path, Some(body), vec![line])
    }

    pub fn void(hold: &FinalAnswer) -> Self {
        let line = RequestLine {
            kind: "void",
            held_cents: -hold.request.lines[0].held_cents,
            ..hold.request.lines[0].clone()
        };
        let path = format!("/holds/{}/void", hold.transactions()[0]);
        Self::new(hold.request.asker, &path, None, vec![line])
    }

    /// Moves a transfer between two customers back.
    pub fn reverse(transfer: &FinalAnswer) -> Self {
        let original = &transfer.request.lines[0];
        let line = RequestLine {
            kind: "reversal",
            from: Some(original.to),
            to: original.from.expect("a customer has paid it"),
            ..original.clone()
        };
        let path = format!("/{}/reverse", transfer.transactions()[0]);
        Self::new(Asker::Staff, &path, None, vec![line])
    }

    /// All of these amounts, or none.
    pub fn batch(accounts: &[String], from: usize, to: usize, cents: &[i64]) -> Self {
        let lines: Vec<RequestLine> = cents
            .iter()
            .map(|cents| RequestLine::transfer(from, to, *cents))
            .collect();
        let transfers: Vec<Value> = lines.iter().map(|line| body_of(accounts, line)).collect();
        let body = json!({"transfers": transfers, "atomic": true});
        Self::new(Asker::Customer(from), "/batch", Some(body), lines)
    }

    /// A standing order that pays nothing before the test is over.
    pub fn order(accounts: &[String], from: usize, to: usize, cents: i64) -> Self {
        let line = RequestLine::transfer(from, to, cents);
        Self::order_from(&day(ORDERS_BEGIN_IN_DAYS), accounts, &line)
    }

    /// A standing order with one payment, `line`, that is due now.
    pub fn due_order(accounts: &[String], line: &RequestLine) -> Self {
        Self::order_from(&day(0), accounts, line)
    }

    fn order_from(start: &str, accounts: &[String], line: &RequestLine) -> Self {
        let mut body = body_of(accounts, line);
        body["start"] = json!(start);
        body["interval"] = json!("monthly");
        let asker = Asker::Customer(line.from.expect("a customer pays"));
        Self::new(asker, "/schedules", Some(body), Vec::new())
    }

    /// Whether it is kept by the transaction service alone, and not by the ledger.
    pub fn is_order(&self) -> bool {
        self.lines.is_empty()
    }

    /// Sends it once.
    ///
    /// # Panics
    ///
    /// If the answer is one that no failure excuses.
    pub async fn ask(&self, person: &Person) -> AttemptResult {
        let call = person.post(&self.path).key(&self.key);
        let call = match &self.body {
            Some(body) => call.json(body),
            None => call,
        };
        let Ok(answer) = call.try_send().await else {
            return AttemptResult::CutOff;
        };
        let document = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let is_decision = answer.status == 201
            || answer.status == 422
                && (document["transaction_id"].is_string() || document["outcomes"].is_array());
        if is_decision {
            return AttemptResult::Final(FinalAnswer {
                request: self.clone(),
                status: answer.status,
                replayed: answer.replayed(),
                body: answer.kept_body(),
            });
        }
        assert!(
            answer.status >= 500,
            "{self:?}: {}: {document}",
            answer.status
        );
        // Every failure has the same form.
        answer.problem(answer.status);
        AttemptResult::NotNow {
            status: answer.status,
            code: text(&document["code"]).to_owned(),
        }
    }
}

/// What one attempt brought.
#[derive(Debug, Clone)]
pub enum AttemptResult {
    /// The outcome, for good.
    Final(FinalAnswer),
    /// An answer that promises nothing: the request was recorded, or it was not.
    NotNow { status: u16, code: String },
    /// No answer, or not a whole one.
    CutOff,
}

/// The final answer to a request.
#[derive(Debug, Clone)]
pub struct FinalAnswer {
    pub request: KeyedRequest,
    pub status: u16,
    /// What is the same each time.
    pub body: String,
    pub replayed: bool,
}

impl FinalAnswer {
    pub fn is_accepted(&self) -> bool {
        self.status == 201
    }

    /// The id of what it made: a transaction, a batch, or a standing order.
    pub fn id(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).expect("answers are JSON");
        text(&body["id"]).to_owned()
    }

    /// The ids of its transactions, one for each line of the request.
    ///
    /// # Panics
    ///
    /// If the answer names fewer or more.
    pub fn transactions(&self) -> Vec<String> {
        if self.request.is_order() {
            return Vec::new();
        }
        let body: Value = serde_json::from_str(&self.body).expect("answers are JSON");
        let id_of = |answer: &Value| {
            let id = [&answer["transaction"]["id"], &answer["transaction_id"]]
                .into_iter()
                .find(|id| id.is_string());
            text(id.unwrap_or(&answer["id"])).to_owned()
        };
        let ids: Vec<String> = match body["outcomes"].as_array() {
            Some(outcomes) => outcomes.iter().map(id_of).collect(),
            None => vec![id_of(&body)],
        };
        assert_eq!(ids.len(), self.request.lines.len(), "{body}");
        ids
    }
}

fn body_of(accounts: &[String], line: &RequestLine) -> Value {
    let from = line.from.map(|from| accounts[from].as_str());
    json!({
        "from_account_id": from,
        "to_account_id": accounts[line.to],
        "amount": decimal(line.amount_cents),
        "currency": "EUR",
    })
}

pub fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

pub fn cents(decimal: &Value) -> i64 {
    text(decimal)
        .replace('.', "")
        .parse()
        .expect("a plain decimal at the scale of its currency")
}
