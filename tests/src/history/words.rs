//! The words of `docs/move-money.md` and `docs/audit-the-books.md`.

/// An enum of words of the API.
macro_rules! words {
    ($(#[$of:meta])* $name:ident {
        $($(#[$of_variant:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$of])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$of_variant])* $variant,)+
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

words! {
    /// A currency of the tests, or ISO 4217's for none: that of a row with legs.
    #[derive(Default)]
    Currency { Eur = "EUR", Jpy = "JPY", Kwd = "KWD", #[default] NoCurrency = "XXX", }
}

pub use Currency::{Eur as EUR, Jpy as JPY, Kwd as KWD, NoCurrency as NONE};

impl Currency {
    /// Minor units as a decimal string.
    pub fn decimal(self, minor: i64) -> String {
        let scale = match self {
            EUR => 2,
            JPY => 0,
            KWD => 3,
            NONE => panic!("an amount has a currency"),
        };
        let sign = if minor < 0 { "-" } else { "" };
        let digits = format!("{:0>1$}", minor.unsigned_abs(), scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// The minor units of a decimal string at the scale of its currency: its digits without the point.
pub fn minor(decimal: &str) -> i64 {
    let digits = decimal.replace('.', "").parse();
    digits.unwrap_or_else(|_| panic!("{decimal} is no decimal"))
}
