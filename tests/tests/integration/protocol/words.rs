//! What clients, the transaction service (T), a screening, and the account service (A) say to each
//! other.

use super::*;

members! {
    /// Two devices of one user, so that the same key names the same transfer.
    pub enum Client { Phone, Laptop }

    /// A principal, a route, and an idempotency key. The transfer's id follows from all three, so
    /// the same key of another user or on another route is another key here.
    pub enum Key { One, Two }

    /// A request's body, and the fingerprint that follows from it.
    pub enum Body { Right, Other }

    /// A date of the standing order.
    pub enum Date { First, Second }

    /// The number of an attempt at a date.
    pub enum Round { First, Second }

    /// What A has recorded of a transfer.
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

    /// Why A records nothing.
    pub enum Refusal {
        /// 422 `idempotency_key_reused`: the id belongs to another body.
        IdReused,
        /// 404: A does not find an account.
        NotFound,
    }

    /// A function of A.
    pub enum Function {
        Post,
        /// `post` with `denied-by`, as a screening calls it.
        PostDenied,
        Cancel,
    }
}

pair! {
    /// A payment as a client asks for it.
    pub struct Payment { pub key: Key, pub body: Body }

    /// A `POST`.
    pub struct Request { pub client: Client, pub payment: Payment }

    /// One attempt at one date.
    pub struct Attempt { pub date: Date, pub round: Round }

    /// A's record of a transfer.
    pub struct Posting {
        pub outcome: Outcome,
        /// `idempotency-replayed`: another call has recorded it.
        pub repeated: bool,
    }

    /// A call of A.
    pub struct Call { pub caller: Caller, pub function: Function }

    /// What A returns to T.
    pub struct Reply { pub caller: Caller, pub returned: Returned }

    /// T's final response to a `POST`. A 503 promises nothing, and so is the same as no response.
    pub struct Response { pub request: Request, pub returned: Returned }
}

either! {
    /// What A is asked to post.
    pub enum Transfer { Payment(Payment), Attempt(Attempt) }

    /// A transfer's id.
    pub enum Id { Key(Key), Attempt(Attempt) }

    /// What `post` and `cancel` return.
    pub enum Returned { Recorded(Posting), Refused(Refusal) }

    /// The part of T that calls A.
    pub enum Caller {
        /// The handler of a client's `POST`.
        Handler(Request),
        /// The tick, or the handler of a `DELETE`, for an attempt.
        Order(Attempt),
    }
}

impl Transfer {
    /// The id that it should take: a wrong protocol may give it another.
    pub fn id(self) -> Id {
        match self {
            Self::Payment(payment) => Id::Key(payment.key),
            Self::Attempt(attempt) => Id::Attempt(attempt),
        }
    }

    /// The fingerprint. All attempts of a standing order have the same body.
    pub fn body(self) -> Body {
        match self {
            Self::Payment(payment) => payment.body,
            Self::Attempt(_) => Body::Right,
        }
    }
}

impl Returned {
    pub fn recorded(outcome: Outcome, repeated: bool) -> Self {
        Self::Recorded(Posting { outcome, repeated })
    }

    /// What is recorded, if this says so.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Recorded(posting) => Some(posting.outcome),
            Self::Refused(_) => None,
        }
    }
}

impl Caller {
    /// What the call is about.
    pub fn transfer(self) -> Transfer {
        match self {
            Self::Handler(request) => Transfer::Payment(request.payment),
            Self::Order(attempt) => Transfer::Attempt(attempt),
        }
    }
}
