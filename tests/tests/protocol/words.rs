//! What clients, the transaction service (T), and the account service (A) say to each other.

use crate::set::{Member, members, pair};

/// Who asks: two devices of one user, so that the same key names the same transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    Phone,
    Laptop,
}
members!(Client: Phone, Laptop);

/// An idempotency key, and the transfer id that follows from it (`idempotency::transfer_id`).
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

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ask {
    pub key: Key,
    pub body: Body,
}
pair!(Ask: key: Key, body: Body);

/// What is asked for, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    pub client: Client,
    pub ask: Ask,
}
pair!(Request: client: Client, ask: Ask);

/// What A has recorded, and what is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Said {
    /// 201: money has moved.
    Posted,
    /// 422 `insufficient_funds`.
    Declined,
    /// 422 `cancelled`: given up.
    Cancelled,
    /// 422 `idempotency_key_reused`: the key, and so the id, belongs to another body.
    Reused,
    /// 404: A does not find an account; nothing is recorded, and the client may ask otherwise.
    NotFound,
}
members!(Said: Posted, Declined, Cancelled, Reused, NotFound);

impl Said {
    /// Whether it is A's record of the transfer that was asked for.
    pub fn is_outcome(self) -> bool {
        !matches!(self, Self::Reused | Self::NotFound)
    }
}

/// The final answer to a client. A 409 and a 503 promise nothing, and so are the same as no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer {
    pub request: Request,
    pub said: Said,
}
pair!(Answer: request: Request, said: Said);

/// Which of A's two functions T calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wish {
    Post,
    Fence,
}
members!(Wish: Post, Fence);

/// A call of T to A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Call {
    pub ask: Ask,
    pub wish: Wish,
}
pair!(Call: ask: Ask, wish: Wish);

/// A's answer to T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reply {
    pub ask: Ask,
    pub said: Said,
}
pair!(Reply: ask: Ask, said: Said);
