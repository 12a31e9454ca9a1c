//! The words of `docs/move-money.md` and `docs/audit-the-books.md`.

use std::fmt;

/// An enum of words of the API.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($variant,)+
        }

        impl $name {
            pub fn of(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    _ => panic!("{word} is not known"),
                }
            }

            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

words! {
    /// What a row of the journal is for.
    Kind {
        Deposit = "deposit", Withdrawal = "withdrawal", Transfer = "transfer", Hold = "hold",
        Capture = "capture", Void = "void", Expiry = "expiry", Reversal = "reversal",
        Posting = "posting",
    }
}

words! {
    /// A side of a row.
    Direction { Debit = "debit", Credit = "credit", }
}

words! {
    /// Why money has not moved.
    Decline {
        AccountClosed = "account_closed", AccountFrozen = "account_frozen",
        CurrencyMismatch = "currency_mismatch", LimitExceeded = "limit_exceeded",
        InsufficientFunds = "insufficient_funds", Cancelled = "cancelled",
        AlreadyCaptured = "already_captured", AlreadyVoided = "already_voided",
        HoldExpired = "hold_expired", AmountExceedsHold = "amount_exceeds_hold",
        AlreadyReversed = "already_reversed", NotReversible = "not_reversible",
        BatchDeclined = "batch_declined", ScreeningDenied = "screening_denied",
    }
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

impl Outcome {
    /// By the words of the API.
    pub fn of(status: &str, decline_code: Option<&str>) -> Self {
        match (status, decline_code) {
            ("posted", None) => Self::Posted,
            ("pending", None) => Self::Pending,
            ("voided", None) => Self::Voided,
            ("expired", None) => Self::Expired,
            ("declined", Some(code)) => Self::Declined(Decline::of(code)),
            _ => panic!("{status} with {decline_code:?} is no outcome"),
        }
    }

    /// Whether nothing came of it.
    pub const fn is_declined(self) -> bool {
        matches!(self, Self::Declined(_))
    }
}

/// The code of a currency, which is all that is stored of it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

/// Two digits behind the point.
pub const EUR: Currency = Currency(*b"EUR");
/// None.
pub const JPY: Currency = Currency(*b"JPY");
/// Three.
pub const KWD: Currency = Currency(*b"KWD");

/// ISO 4217 for none: that of a row with legs.
pub const NONE: Currency = Currency(*b"XXX");

impl Currency {
    pub fn of(code: &str) -> Self {
        Self(code.as_bytes().try_into().expect("three letters"))
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three letters")
    }

    /// Minor units as a decimal string.
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
pub fn minor(decimal: &str) -> i64 {
    decimal
        .replace('.', "")
        .parse()
        .unwrap_or_else(|_| panic!("{decimal} is no decimal"))
}
