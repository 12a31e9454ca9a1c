//! The types of this crate in the form of `strongroom:account/types`.
//!
//! [`WitForm`] converts in both directions. The WIT has a record for each record of this crate,
//! with the same fields, so that this file names each field once.
//!
//! A component names [`types`] in `with` of its own `wit_bindgen::generate!`, so that its imports
//! and exports share them.

#[expect(missing_docs, reason = "the WIT documents each of these")]
mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account"],
        inline: "
            package strongroom:ledger-api;
            world words {
                import strongroom:account/types@0.1.0;
            }
        ",
        world: "strongroom:ledger-api/words",
        with: { "strongroom:account/types@0.1.0": generate },
    });
}

pub use bindings::strongroom::account::types;

use crate::batch::{
    Batch, BatchInstruction, BatchLine, BatchRecord, BatchReply, LineOutcome, Refusal,
};
use crate::error::{LedgerError, Side};
use crate::ledger::{AccountChange, AccountSummary};
use crate::posting::{Party, Posting, RecordedLeg, Reply, Resolution};
use crate::transfer::{AccountRef, Actor, DebitAuthority, Instruction, Leg, Transfer};
use crate::words::{ActorKind, Decline, Direction, Kind, Status};
use strongroom_sdk::money::{Currency, Money};
use uuid::Uuid;

/// A type that crosses the ledger's interfaces.
pub trait WitForm: Sized {
    /// The type of the WIT.
    type Wit;

    /// Converts a value to send.
    fn into_wit(self) -> Self::Wit;

    /// Converts a received value.
    ///
    /// # Errors
    /// [`Malformed`] where it contradicts the WIT.
    fn from_wit(wit: Self::Wit) -> Result<Self, Malformed>;
}

/// A received value contradicts the WIT.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` has a value that the interface does not allow")]
pub struct Malformed {
    /// The path of the field: `posting.actor.id`.
    path: String,
}

impl Malformed {
    fn within(self, field: &str) -> Self {
        // `on_behalf_of` is `on-behalf-of` in the WIT.
        let mut path = field.replace('_', "-");
        if !self.path.is_empty() {
            path = format!("{path}.{}", self.path);
        }
        Self { path }
    }
}

impl From<Malformed> for LedgerError {
    /// A record with such a field does not show what the ledger did: the caller retries.
    fn from(malformed: Malformed) -> Self {
        Self::Unavailable(malformed.to_string())
    }
}

impl From<Malformed> for types::Error {
    /// The ledger's reply to a request with such a field.
    fn from(malformed: Malformed) -> Self {
        Self::Invalid(malformed.path)
    }
}

/// Converts a field of a record, or a parameter of a call.
///
/// # Errors
/// [`Malformed`] with the name of the field.
pub fn read<T: WitForm>(wit: T::Wit, field: &str) -> Result<T, Malformed> {
    T::from_wit(wit).map_err(|malformed| malformed.within(field))
}

/// Types that are the same on both sides.
macro_rules! same {
    ($($name:ty),+) => { $(
        impl WitForm for $name {
            type Wit = Self;

            fn into_wit(self) -> Self {
                self
            }

            fn from_wit(wit: Self) -> Result<Self, Malformed> {
                Ok(wit)
            }
        }
    )+ };
}

/// An enumeration. Its variants have the same names on both sides, but for `own = other` at the
/// end: `other` is the name in the WIT.
macro_rules! variants {
    ($name:ident as $wit:ident: $($variant:ident $(($value:ident))?),+
        $(; $own:ident = $other:ident)?) => {
        impl WitForm for $name {
            type Wit = types::$wit;

            fn into_wit(self) -> Self::Wit {
                match self {
                    $(Self::$variant $(($value))? => {
                        types::$wit::$variant $(($value.into_wit()))?
                    })+
                    $(Self::$own => types::$wit::$other,)?
                }
            }

            fn from_wit(wit: Self::Wit) -> Result<Self, Malformed> {
                Ok(match wit {
                    $(types::$wit::$variant $(($value))? => {
                        Self::$variant $((WitForm::from_wit($value)?))?
                    })+
                    $(types::$wit::$other => Self::$own,)?
                })
            }
        }
    };
    ($name:ident: $($variants:tt)+) => { variants!($name as $name: $($variants)+); };
}

/// A record. Its fields have the same names on both sides, but for `own = other` at the end:
/// `other` is the name in the WIT. `check` looks at several fields together.
macro_rules! record {
    ($name:ident $(check $check:ident)?: $($field:ident),+ $(; $own:ident = $other:ident)?) => {
        impl WitForm for $name {
            type Wit = types::$name;

            fn into_wit(self) -> Self::Wit {
                types::$name {
                    $($field: self.$field.into_wit(),)+
                    $($other: self.$own.into_wit(),)?
                }
            }

            fn from_wit(wit: Self::Wit) -> Result<Self, Malformed> {
                $($check(&wit)?;)?
                Ok(Self {
                    $($field: read(wit.$field, stringify!($field))?,)+
                    $($own: read(wit.$other, stringify!($other))?,)?
                })
            }
        }
    };
}

same!(bool, u32, u64, i64, String);

variants!(Kind: Deposit, Withdrawal, Transfer, Hold, Capture, Void, Expiry, Reversal,
    Posting);
variants!(Direction: Debit, Credit);
variants!(Status: Posted, Declined, Pending, Voided, Expired);
variants!(Decline: InsufficientFunds, AccountFrozen, AccountClosed, CurrencyMismatch, LimitExceeded,
    Cancelled, ScreeningDenied, AlreadyCaptured, AlreadyVoided, HoldExpired, AmountExceedsHold,
    AlreadyReversed, NotReversible, BatchDeclined);
variants!(ActorKind: User, Bank, Client);
variants!(DebitAuthority: Owner(id), Bank);
variants!(AccountRef: Id(id), Number(number));
variants!(LineOutcome: Recorded(posting), Refused(refusal));
variants!(Side: Source, DestinationId, DestinationNumber, Leg(index));
variants!(LedgerError as Error: AccountNotFound(side), IdReused, SameAccount(side), OwnAccount,
    Invalid(field), NotScreened(cause), Clock, Unavailable(cause);
    OriginalNotFound = SubjectNotFound);

record!(Actor: kind, id);
record!(Leg: account, direction, amount, denied_by);
record!(Instruction: kind, source, destination, amount, reference, metadata, expires_in, legs;
    original = subject);
record!(Transfer: id, fingerprint, authority, actor, on_behalf_of, request_id, instruction,
    denied_by, requested_at_ms);
record!(Resolution: id, kind, amount, recorded_at_ms);
record!(Party: account_id, owner_id);
record!(RecordedLeg: account, direction, amount);
record!(Posting check check_decline: id, sequence, fingerprint, kind, status, decline,
    denied_by, actor, on_behalf_of, request_id, source, destination, expires_at_ms, resolution,
    amount, legs, declined_leg, reference, metadata, requested_at_ms, recorded_at_ms; original = subject);
record!(Reply: posting, repeated);
record!(Refusal: code, pointer, detail);
record!(BatchInstruction: atomic, lines);
record!(Batch: id, fingerprint, authority, actor, on_behalf_of, request_id, instruction,
    requested_at_ms);
record!(BatchReply: outcomes, repeated);
record!(BatchRecord: id, fingerprint, actor, on_behalf_of, atomic, outcomes, requested_at_ms,
    recorded_at_ms);
record!(AccountSummary: id, owner_id, number, currency, closed);
record!(AccountChange: sequence, account);

/// A declined posting has a code, and no other posting has one.
fn check_decline(posting: &types::Posting) -> Result<(), Malformed> {
    let is_declined = posting.status == types::Status::Declined;
    if is_declined == posting.decline.is_some() {
        Ok(())
    } else {
        Err(Malformed::default().within("decline"))
    }
}

impl WitForm for BatchLine {
    type Wit = types::BatchLine;

    fn into_wit(self) -> types::BatchLine {
        match self {
            Self::Transfer {
                instruction,
                denied_by,
            } => types::BatchLine::Transfer(types::BatchTransfer {
                instruction: instruction.into_wit(),
                denied_by,
            }),
            Self::Refused(refusal) => types::BatchLine::Refused(refusal.into_wit()),
        }
    }

    fn from_wit(wit: types::BatchLine) -> Result<Self, Malformed> {
        Ok(match wit {
            types::BatchLine::Transfer(transfer) => Self::Transfer {
                instruction: read(transfer.instruction, "instruction")?,
                denied_by: transfer.denied_by,
            },
            types::BatchLine::Refused(refusal) => Self::Refused(Refusal::from_wit(refusal)?),
        })
    }
}

impl WitForm for Uuid {
    type Wit = String;

    fn into_wit(self) -> String {
        self.to_string()
    }

    fn from_wit(wit: String) -> Result<Self, Malformed> {
        Self::parse_str(&wit).map_err(|_| Malformed::default())
    }
}

/// A fingerprint.
impl WitForm for [u8; 32] {
    type Wit = String;

    fn into_wit(self) -> String {
        hex::encode(self)
    }

    fn from_wit(wit: String) -> Result<Self, Malformed> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(wit, &mut bytes).map_err(|_| Malformed::default())?;
        Ok(bytes)
    }
}

impl WitForm for Currency {
    type Wit = String;

    fn into_wit(self) -> String {
        self.code().to_owned()
    }

    fn from_wit(wit: String) -> Result<Self, Malformed> {
        Self::from_code(&wit).map_err(|_| Malformed::default())
    }
}

impl WitForm for Money {
    type Wit = types::Money;

    fn into_wit(self) -> types::Money {
        types::Money {
            minor: self.minor(),
            currency: self.currency().into_wit(),
        }
    }

    fn from_wit(wit: types::Money) -> Result<Self, Malformed> {
        let currency = read(wit.currency, "currency")?;
        Ok(Self::from_minor(wit.minor, currency))
    }
}

impl<T: WitForm> WitForm for Box<T> {
    type Wit = T::Wit;

    fn into_wit(self) -> T::Wit {
        T::into_wit(*self)
    }

    fn from_wit(wit: T::Wit) -> Result<Self, Malformed> {
        T::from_wit(wit).map(Self::new)
    }
}

impl<T: WitForm> WitForm for Option<T> {
    type Wit = Option<T::Wit>;

    fn into_wit(self) -> Option<T::Wit> {
        self.map(T::into_wit)
    }

    fn from_wit(wit: Option<T::Wit>) -> Result<Self, Malformed> {
        wit.map(T::from_wit).transpose()
    }
}

impl<T: WitForm> WitForm for Vec<T> {
    type Wit = Vec<T::Wit>;

    fn into_wit(self) -> Vec<T::Wit> {
        self.into_iter().map(T::into_wit).collect()
    }

    fn from_wit(wit: Vec<T::Wit>) -> Result<Self, Malformed> {
        wit.into_iter().map(T::from_wit).collect()
    }
}

impl From<LedgerError> for types::Error {
    fn from(error: LedgerError) -> Self {
        error.into_wit()
    }
}

impl From<types::Error> for LedgerError {
    fn from(error: types::Error) -> Self {
        Self::from_wit(error).unwrap_or_else(Self::from)
    }
}

#[cfg(test)]
mod tests;
