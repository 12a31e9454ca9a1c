//! The names of the calls that move money.

/// The canonical name of the call, part of the transfer's id. `/send` is another name of `/transfer`: the same key on both is the same
/// request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdScope {
    /// `POST /deposit`.
    Deposit,
    /// `POST /withdraw`.
    Withdraw,
    /// `POST /transfer` and `POST /send`.
    Transfer,
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
    /// A date of a standing order.
    Schedule,
}

impl IdScope {
    /// The name. It never changes, or retries would get new ids.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdraw => "withdraw",
            Self::Transfer => "transfer",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Reverse => "reverse",
            Self::Batch => "batch",
            Self::Schedule => "schedule",
        }
    }
}
