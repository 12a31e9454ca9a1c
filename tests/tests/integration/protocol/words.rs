//! What clients, the transaction service (T), a screening, and the account service (A) say to each
//! other.

use crate::protocol::set::{Member, either, members, pair};

/// Two devices of one user, so that the same key names the same transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    Phone,
    Laptop,
}
members!(Client: Phone, Laptop);

/// A principal, a route, and an idempotency key. The transfer's id follows from all three, so the
/// same key of another user or on another route is another key here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    One,
    Two,
}
members!(Key: One, Two);

/// A request's body, and the fingerprint that follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Body {
    Right,
    Other,
}
members!(Body: Right, Other);

/// A payment as a client asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Payment {
    pub key: Key,
    pub body: Body,
}
pair!(Payment: key: Key, body: Body);

/// A `POST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    pub client: Client,
    pub payment: Payment,
}
pair!(Request: client: Client, payment: Payment);

/// A date of the standing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Date {
    First,
    Second,
}
members!(Date: First, Second);

/// The number of an attempt at a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Round {
    First,
    Second,
}
members!(Round: First, Second);

/// One attempt at one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attempt {
    pub date: Date,
    pub round: Round,
}
pair!(Attempt: date: Date, round: Round);

/// What A is asked to post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transfer {
    Payment(Payment),
    Attempt(Attempt),
}
either!(Transfer: Payment(Payment), Attempt(Attempt));

impl Transfer {
    /// The fingerprint. All attempts of a standing order have the same body.
    pub fn body(self) -> Body {
        match self {
            Self::Payment(payment) => payment.body,
            Self::Attempt(_) => Body::Right,
        }
    }
}

/// A transfer's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Id {
    Key(Key),
    Attempt(Attempt),
}
either!(Id: Key(Key), Attempt(Attempt));

/// What A has recorded of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Money has moved: 201.
    Posted,
    /// 422 `insufficient_funds`.
    Declined,
    /// 422 `screening_denied`.
    Denied,
    /// 422 `cancelled`: the id is burnt.
    Cancelled,
}
members!(Outcome: Posted, Declined, Denied, Cancelled);

/// A's record of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Posting {
    pub outcome: Outcome,
    /// `idempotency-replayed`: another call has recorded it.
    pub repeated: bool,
}
pair!(Posting: outcome: Outcome, repeated: bool);

/// Why A records nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// 422 `idempotency_key_reused`: the id belongs to another body.
    IdReused,
    /// 404: A does not find an account.
    NotFound,
}
members!(Refusal: IdReused, NotFound);

/// What `post` and `cancel` return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Returned {
    Recorded(Posting),
    Refused(Refusal),
}
either!(Returned: Recorded(Posting), Refused(Refusal));

impl Returned {
    /// What is recorded, if this says so.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Recorded(posting) => Some(posting.outcome),
            Self::Refused(_) => None,
        }
    }
}

/// The part of T that calls A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// The handler of a client's `POST`.
    Handler(Request),
    /// The tick, or the handler of a `DELETE`, for an attempt.
    Order(Attempt),
}
either!(Caller: Handler(Request), Order(Attempt));

impl Caller {
    /// What the call is about.
    pub fn transfer(self) -> Transfer {
        match self {
            Self::Handler(request) => Transfer::Payment(request.payment),
            Self::Order(attempt) => Transfer::Attempt(attempt),
        }
    }
}

/// A function of A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `post`.
    Post,
    /// `post` with `denied-by`, as a screening calls it.
    PostDenied,
    /// `cancel`.
    Cancel,
}
members!(Function: Post, PostDenied, Cancel);

/// A call of A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Call {
    pub caller: Caller,
    pub function: Function,
}
pair!(Call: caller: Caller, function: Function);

/// What A returns to T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reply {
    pub caller: Caller,
    pub returned: Returned,
}
pair!(Reply: caller: Caller, returned: Returned);

/// T's final response to a `POST`. A 503 promises nothing, and so is the same as no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Response {
    pub request: Request,
    pub returned: Returned,
}
pair!(Response: request: Request, returned: Returned);
