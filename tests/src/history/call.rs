//! What was asked of the bank, and what it said.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::journal::Leg;
use super::words::{Currency, Decline, EUR, Kind, NONE, Outcome, minor};
use crate::Answer;
use crate::json::text;

/// What somebody wants done with money. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    Deposit(Uuid, Sum),
    Withdraw(Uuid, Sum),
    Transfer(Line),
    Posting(Vec<Leg>),
    /// For so many seconds.
    Hold(Line, u32),
    /// Of a hold; without an amount, all that is held.
    Capture(Uuid, Option<Sum>),
    Void(Uuid),
    Reverse(Uuid),
    Batch {
        lines: Vec<Line>,
        atomic: bool,
    },
    /// A monthly standing order from this day on.
    Order(Line, String),
}

/// Minor units of a currency.
pub type Sum = (i64, Currency);

/// Money from one account to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub from: Uuid,
    pub to: Uuid,
    pub amount: i64,
    pub currency: Currency,
}

impl Line {
    /// Cents of EUR.
    pub const fn eur(from: Uuid, to: Uuid, amount: i64) -> Self {
        Self {
            from,
            to,
            amount,
            currency: EUR,
        }
    }

    fn body(&self) -> Value {
        json!({
            "from_account_id": self.from, "to_account_id": self.to,
            "amount": self.currency.decimal(self.amount), "currency": self.currency.word(),
        })
    }
}

fn entry(leg: &Leg) -> Value {
    json!({
        "account_id": leg.account, "direction": leg.direction.word(),
        "amount": leg.currency.decimal(leg.amount), "currency": leg.currency.word(),
    })
}

impl Wish {
    /// All of these transfers, or none.
    pub const fn atomic_batch(lines: Vec<Line>) -> Self {
        Self::Batch {
            lines,
            atomic: true,
        }
    }

    /// What the journal calls it; a batch is transfers, and so is what a standing order pays.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Deposit(..) => Kind::Deposit,
            Self::Withdraw(..) => Kind::Withdrawal,
            Self::Transfer(_) | Self::Batch { .. } | Self::Order(..) => Kind::Transfer,
            Self::Posting(_) => Kind::Posting,
            Self::Hold(..) => Kind::Hold,
            Self::Capture(..) => Kind::Capture,
            Self::Void(_) => Kind::Void,
            Self::Reverse(_) => Kind::Reversal,
        }
    }

    /// Where it is posted. An idempotency key is one of its caller and of this.
    pub fn path(&self) -> String {
        let path = match self {
            Self::Deposit(..) => "deposit".to_owned(),
            Self::Withdraw(..) => "withdraw".to_owned(),
            Self::Transfer(_) => "transfer".to_owned(),
            Self::Posting(_) => "postings".to_owned(),
            Self::Hold(..) => "holds".to_owned(),
            Self::Capture(hold, _) => format!("holds/{hold}/capture"),
            Self::Void(hold) => format!("holds/{hold}/void"),
            Self::Reverse(id) => format!("{id}/reverse"),
            Self::Batch { .. } => "batch".to_owned(),
            Self::Order(..) => "schedules".to_owned(),
        };
        format!("/api/transactions/{path}")
    }

    /// The body, if it takes one.
    pub fn body(&self) -> Option<Value> {
        Some(match self {
            Self::Deposit(account, (amount, currency))
            | Self::Withdraw(account, (amount, currency)) => json!({
                "account_id": account, "amount": currency.decimal(*amount),
                "currency": currency.word(),
            }),
            Self::Transfer(line) => line.body(),
            Self::Posting(legs) => {
                let entries: Vec<Value> = legs.iter().map(entry).collect();
                json!({"entries": entries})
            }
            Self::Hold(line, expires_in) => {
                let mut body = line.body();
                body["expires_in"] = json!(expires_in);
                body
            }
            Self::Capture(_, amount) => {
                let (amount, currency) = (*amount)?;
                json!({"amount": currency.decimal(amount)})
            }
            Self::Void(_) | Self::Reverse(_) => return None,
            Self::Batch { lines, atomic } => {
                let lines: Vec<Value> = lines.iter().map(Line::body).collect();
                json!({"transfers": lines, "atomic": atomic})
            }
            Self::Order(line, start) => {
                let mut body = line.body();
                body["start"] = json!(start);
                body["interval"] = json!("monthly");
                body
            }
        })
    }
}

/// One request and what became of it. Times are nanoseconds on the clock of its
/// [`History`](super::History), which never goes back.
#[derive(Debug, Clone)]
pub struct CallRecord {
    /// The user who asked.
    pub principal: Uuid,
    pub key: Arc<str>,
    pub wish: Arc<Wish>,
    pub began_ns: u64,
    pub ended_ns: u64,
    /// None without an answer that promises something (5xx): then it has its rows, or none.
    pub reply: Option<Reply>,
}

/// A final answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// SHA-256 of the status, and of what is the same each time of the body.
    pub digest: [u8; 32],
    pub replayed: bool,
    pub told: Told,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// This is in the journal.
    Decided(Decided),
    /// These are, or are not, one for each line.
    Batch(Vec<Told>),
    /// There is this standing order, which the journal does not have.
    Made(Uuid),
    /// Nothing is recorded, for this reason.
    Refused(String),
}

/// What an answer says of a row of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub id: Uuid,
    pub outcome: Outcome,
    /// Of what was not declined.
    pub details: Option<Details>,
}

/// What the bank shows of a transaction. The bank's own account is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    pub kind: Kind,
    pub sequence: u64,
    pub from: Option<Uuid>,
    pub to: Option<Uuid>,
    /// Of several entries, zero of none.
    pub amount: i64,
    pub currency: Currency,
    /// Several entries.
    pub legs: Vec<Leg>,
    /// The hold that it ended, or what it reversed.
    pub subject: Option<Uuid>,
}

impl Reply {
    /// None where the answer promises nothing: the service, its ledger, or its disk is not there
    /// now. A bank must not answer that it failed (500), or that the test's token is no good (401).
    pub fn of(answer: &Answer) -> Option<Self> {
        if matches!(answer.status, 502..=504 | 507) {
            return None;
        }
        let is_final = matches!(answer.status, 201 | 400 | 403 | 404 | 422);
        assert!(is_final, "{}: {}", answer.status, answer.text());
        let body: Value = serde_json::from_slice(&answer.body).expect("answers are JSON");
        Some(Self {
            status: answer.status,
            digest: Sha256::digest(format!("{} {}", answer.status, answer.kept_body())).into(),
            replayed: answer.replayed(),
            told: Told::of(&body),
        })
    }

    /// The path of the standing order that was made.
    pub fn order_path(&self) -> String {
        match self.told {
            Told::Made(id) => format!("/api/transactions/schedules/{id}"),
            _ => panic!("{self:?} makes no order"),
        }
    }

    /// Whether the bank has recorded anything of the request: then its answer stays the same.
    pub fn is_recorded(&self) -> bool {
        matches!(self.told, Told::Made(_)) || !self.told.decided().is_empty()
    }

    /// Whether it is the same answer, whichever of the two was the first.
    pub fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    /// Whether the key is that of another request.
    pub fn is_key_reused(&self) -> bool {
        matches!(&self.told, Told::Refused(code) if code == "idempotency_key_reused")
    }
}

impl Told {
    fn of(body: &Value) -> Self {
        if let Some(outcomes) = body["outcomes"].as_array() {
            return Self::Batch(outcomes.iter().map(Self::of_line).collect());
        }
        match body["code"].as_str() {
            None if body["interval"].is_string() => Self::Made(id(&body["id"])),
            None => Self::Decided(Decided::of(body)),
            Some(code) => Self::of_problem(code, &body["transaction_id"]),
        }
    }

    fn of_line(outcome: &Value) -> Self {
        match outcome["code"].as_str() {
            None => Self::Decided(Decided::of(&outcome["transaction"])),
            Some(code) => Self::of_problem(code, &outcome["transaction_id"]),
        }
    }

    /// What is recorded has an id.
    fn of_problem(code: &str, transaction_id: &Value) -> Self {
        if transaction_id.is_null() {
            return Self::Refused(code.to_owned());
        }
        let decline = Decline::of(code);
        Self::Decided(Decided {
            id: id(transaction_id),
            outcome: Outcome::Declined(decline),
            details: None,
        })
    }

    /// The rows it tells of, in their order.
    pub fn decided(&self) -> Vec<&Decided> {
        match self {
            Self::Decided(decided) => vec![decided],
            Self::Batch(lines) => lines.iter().flat_map(Self::decided).collect(),
            Self::Made(_) | Self::Refused(_) => Vec::new(),
        }
    }
}

impl Decided {
    fn of(transaction: &Value) -> Self {
        let subject = ["hold_id", "reverses"]
            .into_iter()
            .find_map(|member| optional_id(&transaction[member]));
        let entries = transaction["entries"].as_array();
        Self {
            id: id(&transaction["id"]),
            outcome: Outcome::of(text(&transaction["status"]), None),
            details: Some(Details {
                kind: Kind::of(text(&transaction["type"])),
                sequence: transaction["sequence"].as_u64().expect("a sequence"),
                from: optional_id(&transaction["from_account_id"]),
                to: optional_id(&transaction["to_account_id"]),
                amount: transaction["amount"].as_str().map_or(0, minor),
                currency: transaction["currency"].as_str().map_or(NONE, Currency::of),
                legs: entries.into_iter().flatten().map(Leg::of).collect(),
                subject,
            }),
        }
    }
}

pub fn id(value: &Value) -> Uuid {
    Uuid::parse_str(text(value)).expect("an id")
}

/// An id, where there is one.
pub fn optional_id(value: &Value) -> Option<Uuid> {
    (!value.is_null()).then(|| id(value))
}
