//! The scopes of ids.

/// What an id is derived for, besides the user and the idempotency key. `/send` is another name of
/// `/transfer`: the same key on both is the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdScope {
    /// `POST /deposit`.
    Deposit,
    /// `POST /withdraw`.
    Withdraw,
    /// `POST /transfer` and `POST /send`.
    Transfer,
    /// `POST /postings`.
    Posting,
    /// `POST /holds`.
    Hold,
    /// `POST /holds/{id}/capture`.
    Capture,
    /// `POST /holds/{id}/void`.
    Void,
    /// `POST /{id}/reverse`.
    Reverse,
    /// `POST /batch`.
    Batch,
    /// `POST /schedules`, and a date of a standing order.
    Schedule,
}

impl IdScope {
    /// The name. It never changes, because a retry after an upgrade must get the same id.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdraw => "withdraw",
            Self::Transfer => "transfer",
            Self::Posting => "posting",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Reverse => "reverse",
            Self::Batch => "batch",
            Self::Schedule => "schedule",
        }
    }
}
