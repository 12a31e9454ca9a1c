//! The words of `docs/move-money.md` and `docs/audit-the-books.md`.

use std::fmt;

/// What a row of the journal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Deposit,
    Withdrawal,
    Transfer,
    Hold,
    Capture,
    Void,
    Expiry,
    Reversal,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Posted,
    Pending,
    Voided,
    Expired,
    Declined(Decline),
}

/// Why money has not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decline {
    AccountClosed,
    AccountFrozen,
    CurrencyMismatch,
    LimitExceeded,
    InsufficientFunds,
    Cancelled,
    AlreadyCaptured,
    AlreadyVoided,
    HoldExpired,
    AmountExceedsHold,
    AlreadyReversed,
    NotReversible,
    BatchDeclined,
    ScreeningDenied,
}

impl Kind {
    /// By the word of the API.
    ///
    /// # Panics
    ///
    /// If there is none such.
    pub fn of(word: &str) -> Self {
        match word {
            "deposit" => Self::Deposit,
            "withdrawal" => Self::Withdrawal,
            "transfer" => Self::Transfer,
            "hold" => Self::Hold,
            "capture" => Self::Capture,
            "void" => Self::Void,
            "expiry" => Self::Expiry,
            "reversal" => Self::Reversal,
            _ => panic!("{word} is no kind"),
        }
    }
}

impl Outcome {
    /// By the words of the API.
    ///
    /// # Panics
    ///
    /// If there are none such.
    pub fn of(status: &str, decline_code: Option<&str>) -> Self {
        match (status, decline_code) {
            ("posted", None) => Self::Posted,
            ("pending", None) => Self::Pending,
            ("voided", None) => Self::Voided,
            ("expired", None) => Self::Expired,
            ("declined", Some(code)) => {
                Self::Declined(Decline::of(code).unwrap_or_else(|| panic!("{code} is no decline")))
            }
            _ => panic!("{status} with {decline_code:?} is no outcome"),
        }
    }

    /// Whether nothing came of it.
    pub const fn is_declined(self) -> bool {
        matches!(self, Self::Declined(_))
    }
}

impl Decline {
    /// By the code of the API; none if it is the code of something else.
    pub fn of(code: &str) -> Option<Self> {
        Some(match code {
            "account_closed" => Self::AccountClosed,
            "account_frozen" => Self::AccountFrozen,
            "currency_mismatch" => Self::CurrencyMismatch,
            "limit_exceeded" => Self::LimitExceeded,
            "insufficient_funds" => Self::InsufficientFunds,
            "cancelled" => Self::Cancelled,
            "already_captured" => Self::AlreadyCaptured,
            "already_voided" => Self::AlreadyVoided,
            "hold_expired" => Self::HoldExpired,
            "amount_exceeds_hold" => Self::AmountExceedsHold,
            "already_reversed" => Self::AlreadyReversed,
            "not_reversible" => Self::NotReversible,
            "batch_declined" => Self::BatchDeclined,
            "screening_denied" => Self::ScreeningDenied,
            _ => return None,
        })
    }
}

/// The code of a currency, which is all that is stored of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// Two digits behind the point.
pub const EUR: Currency = Currency(*b"EUR");
/// None.
pub const JPY: Currency = Currency(*b"JPY");
/// Three.
pub const KWD: Currency = Currency(*b"KWD");

impl Currency {
    /// By its code.
    ///
    /// # Panics
    ///
    /// If that does not have three letters.
    pub fn of(code: &str) -> Self {
        Self(code.as_bytes().try_into().expect("three letters"))
    }

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three letters")
    }

    /// Minor units as a decimal string.
    ///
    /// # Panics
    ///
    /// If it is not one of the three that the tests have money in.
    pub fn decimal(self, minor: i64) -> String {
        let scale = match self {
            EUR => 2,
            JPY => 0,
            KWD => 3,
            other => panic!("how many digits does {other:?} have?"),
        };
        let sign = if minor < 0 { "-" } else { "" };
        let digits = format!("{:0>1$}", minor.unsigned_abs(), scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{fraction}")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// The minor units of a decimal string at the scale of its currency: its digits without the point.
///
/// # Panics
///
/// If it is no such thing.
pub fn minor(decimal: &str) -> i64 {
    decimal
        .replace('.', "")
        .parse()
        .unwrap_or_else(|_| panic!("{decimal} is no decimal"))
}
