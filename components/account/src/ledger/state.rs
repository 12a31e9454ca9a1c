//! What the store says before a decision: whether the id is known, the two accounts, what the transfer is about, and the end of the
//! journal; in one query.

use super::BANK_OWNER;
use super::journal::{AccountOfRow, OriginalRef, currency, money};
use super::settlement;
use crate::account::{AccountStatus, Freeze};
use crate::balance::Balance;
use strongroom_ledger_api::{
    AccountRef, Actor, DebitAuthority, Instruction, Kind, LedgerError, Side, Status, Transfer,
};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::hash_chain::Hash;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::store::{Row, Rows, StoreError, Value};

/// The columns that [`Standing::from_row`] reads of one account.
macro_rules! standing_columns {
    ($account:literal, $balance:literal) => {
        concat!(
            $account,
            ".key, ",
            $account,
            ".id, ",
            $account,
            ".owner_id, ",
            $account,
            ".currency, ",
            $account,
            ".status, ",
            $account,
            ".frozen, ",
            $account,
            ".overdraft_limit_minor, ",
            $balance,
            ".debits_posted, ",
            $balance,
            ".credits_posted, ",
            $balance,
            ".debits_pending, ",
            $balance,
            ".credits_pending, ",
            $balance,
            ".entry_count"
        )
    };
}
pub(super) use standing_columns;

/// How many these are.
pub(super) const STANDING_COLUMNS: usize = 12;

/// The query of a situation: `?1` is the transfer's id; the rest says how `source` and `destination` are found.
macro_rules! situation_sql {
    ($columns:literal, $accounts:literal) => {
        concat!(
            "SELECT head.transfer_sequence, head.entry_sequence, head.recorded_at_ms, head.hash, known.fingerprint, ",
            standing_columns!("source", "source_balance"),
            ", ",
            standing_columns!("destination", "destination_balance"),
            $columns,
            " FROM journal_head AS head LEFT JOIN transfer AS known ON known.id = ?1 ",
            $accounts,
            " LEFT JOIN balance AS source_balance ON source_balance.account_key = source.key \
              LEFT JOIN balance AS destination_balance ON destination_balance.account_key = destination.key \
              WHERE head.singleton = 1"
        )
    };
}

/// `?2` the source's id, `?3` the destination's id, or `?4` its number.
const OF_ACCOUNTS: &str = situation_sql!(
    "",
    "LEFT JOIN account AS source ON source.id = ?2 \
     LEFT JOIN account AS destination ON destination.key = \
        coalesce((SELECT key FROM account WHERE id = ?3), (SELECT key FROM account WHERE number = ?4))"
);

/// `?2` the id of the hold or posting of before.
const OF_ORIGINAL: &str = situation_sql!(
    ", original.sequence, original.id, original.kind, original.status, original.amount_minor, original.currency, \
     original.expires_at_ms, resolving.kind",
    "LEFT JOIN transfer AS original ON original.id = ?2 \
     LEFT JOIN transfer AS resolving ON resolving.subject_sequence = original.sequence AND resolving.status <> 'declined' \
     LEFT JOIN account AS source ON source.key = original.debit_account_key \
     LEFT JOIN account AS destination ON destination.key = original.credit_account_key"
);

const SOURCE_COLUMN: usize = 5;
const DESTINATION_COLUMN: usize = SOURCE_COLUMN + STANDING_COLUMNS;
const ORIGINAL_COLUMN: usize = DESTINATION_COLUMN + STANDING_COLUMNS;

/// The end of the journal.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub transfer_sequence: i64,
    pub entry_sequence: i64,
    pub recorded_at_ms: i64,
    pub hash: Hash,
}

impl Head {
    /// Reads transfer sequence, entry sequence, recorded time, and hash from four columns in a row.
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        Ok(Self {
            transfer_sequence: row.integer(column)?,
            entry_sequence: row.integer(column + 1)?,
            recorded_at_ms: row.integer(column + 2)?,
            hash: row.bytes32(column + 3)?,
        })
    }
}

/// When a decision is made, by two clocks that differ after the machine's was set back.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// By the machine's clock. Holds begin and end by it: otherwise they would last, and be in
    /// time, until it has caught up with the journal.
    pub wall_ms: i64,
    /// As the journal has it, whose times never go back.
    pub recorded_at_ms: i64,
}

impl Moment {
    /// Now, for the next row after `head`.
    pub fn after(head: &Head, clock: &impl Clock) -> Self {
        let wall_ms = clock.now_ms();
        Self {
            wall_ms,
            recorded_at_ms: wall_ms.max(head.recorded_at_ms),
        }
    }
}

/// An account as the decision sees it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub account: AccountOfRow,
    pub currency: Currency,
    pub status: AccountStatus,
    pub freeze: Option<Freeze>,
    pub balance: Balance,
    pub entry_count: i64,
}

impl Standing {
    /// Reads the columns of `standing_columns`.
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        Ok(Self {
            account: AccountOfRow {
                key: row.integer(column)?,
                id: row.uuid(column + 1)?,
                owner_id: row.uuid(column + 2)?,
            },
            currency: currency(&row.text(column + 3)?)?,
            status: AccountStatus::from_row(row, column + 4)?,
            freeze: row.optional(column + 5, Freeze::from_row)?,
            balance: Balance::from_row(row, column + 6)?,
            entry_count: row.integer(column + 11)?,
        })
    }
}

/// The hold or posting of before that a transfer is about.
#[derive(Debug, Clone)]
pub struct OriginalState {
    pub original: OriginalRef,
    pub kind: Kind,
    pub status: Status,
    pub amount: Money,
    pub expires_at_ms: Option<i64>,
    /// What has ended or reversed it already.
    pub resolved_by: Option<Kind>,
}

/// All that the decision depends on.
#[derive(Debug)]
pub struct Situation {
    pub head: Head,
    /// The fingerprint under which the id is known.
    pub known: Option<[u8; 32]>,
    pub source: Option<Standing>,
    pub destination: Option<Standing>,
    pub original: Option<OriginalState>,
}

impl Situation {
    /// `query` is a transaction's, or the store's snapshot.
    pub fn read(
        query: impl FnOnce(&str, &[Value]) -> Result<Rows, StoreError>,
        transfer: &Transfer,
    ) -> Result<Self, StoreError> {
        let rows = match transfer.instruction.original {
            Some(original) => query(
                OF_ORIGINAL,
                &[Value::from(transfer.id), Value::from(original)],
            ),
            None => query(OF_ACCOUNTS, &params_of_accounts(transfer)),
        };
        let row = rows?.first_or("the journal has no head")?;
        let mut situation = Self {
            head: Head::from_row(&row, 0)?,
            known: row.optional(4, Row::bytes32)?,
            source: row.optional(SOURCE_COLUMN, Standing::from_row)?,
            destination: row.optional(DESTINATION_COLUMN, Standing::from_row)?,
            original: match transfer.instruction.original {
                Some(_) => row.optional(ORIGINAL_COLUMN, original)?,
                None => None,
            },
        };
        if transfer.instruction.kind == Kind::Reversal {
            std::mem::swap(&mut situation.source, &mut situation.destination);
        }
        Ok(situation)
    }

    /// The payer and the payee, as [`parties`] has them of a payment.
    pub fn parties(
        &self,
        transfer: &Transfer,
    ) -> Result<(Option<&Standing>, Payee<'_>), LedgerError> {
        let (source, destination) = (self.source.as_ref(), self.destination.as_ref());
        if transfer.instruction.kind.has_original() {
            self.check_original(transfer)?;
            return Ok((source, Ok(destination)));
        }
        parties(source, destination, transfer)
    }

    /// Staff act on their own account as its owner, who neither deposits nor reverses.
    pub fn refuse_own_account(&self, transfer: &Transfer) -> Result<(), LedgerError> {
        let kind = transfer.instruction.kind;
        let is_actors =
            |standing: &Standing| Actor::user(standing.account.owner_id) == transfer.actor;
        let mut accounts = [&self.source, &self.destination].into_iter().flatten();
        if matches!(kind, Kind::Deposit | Kind::Reversal) && accounts.any(is_actors) {
            return Err(LedgerError::OwnAccount);
        }
        Ok(())
    }

    /// A hold is its payer's to capture or void; a posting is the bank's to reverse.
    fn check_original(&self, transfer: &Transfer) -> Result<(), LedgerError> {
        let original = self.original.as_ref();
        let original = original.ok_or(LedgerError::OriginalNotFound)?;
        let is_hold = original.status == Status::Pending;
        let Instruction { kind, amount, .. } = &transfer.instruction;
        if !is_hold && *kind != Kind::Reversal {
            return Err(LedgerError::OriginalNotFound);
        }
        let payer = self.source.as_ref().map(|source| source.account.owner_id);
        if let DebitAuthority::Owner(owner) = transfer.authority
            && payer != Some(owner)
        {
            return Err(LedgerError::OriginalNotFound);
        }
        if amount.currency() != original.amount.currency() {
            return Err(LedgerError::invalid("currency"));
        }
        if *kind != Kind::Capture && *amount != original.amount {
            return Err(LedgerError::invalid("amount"));
        }
        Ok(())
    }
}

/// A deposit or withdrawal does not name the bank's side of it: the settlement account of its currency.
fn params_of_accounts(transfer: &Transfer) -> [Value; 4] {
    let instruction = &transfer.instruction;
    let settlement_id = || settlement::id_of(instruction.amount.currency());
    let (destination_id, destination_number) = match &instruction.destination {
        Some(AccountRef::Id(id)) => (Value::from(*id), Value::Null),
        Some(AccountRef::Number(number)) => (Value::Null, Value::from(number.as_str())),
        None => (Value::from(settlement_id()), Value::Null),
    };
    [
        Value::from(transfer.id),
        Value::from(instruction.source.unwrap_or_else(settlement_id)),
        destination_id,
        destination_number,
    ]
}

/// The account to credit, or why there is none. It is judged after the payer's.
pub(super) type Payee<'a> = Result<Option<&'a Standing>, LedgerError>;

/// The payer and the payee of a payment. `None` inside: the bank's own account of a currency that
/// has none yet. The bank's own accounts are never found by their id.
///
/// # Errors
/// Where there is no account that the authority may debit, or it is the payee too. That tells
/// nothing of anybody else's account.
pub(super) fn parties<'a>(
    source: Option<&'a Standing>,
    destination: Option<&'a Standing>,
    transfer: &Transfer,
) -> Result<(Option<&'a Standing>, Payee<'a>), LedgerError> {
    check_source(source, transfer)?;
    let payee = check_destination(destination, transfer).map(|()| destination);
    if let Ok(destination) = payee {
        refuse_same_account((source, destination), transfer)?;
    }
    Ok((source, payee))
}

/// A customer's account that the authority may debit, where the transfer names one.
fn check_source(source: Option<&Standing>, transfer: &Transfer) -> Result<(), LedgerError> {
    let allowed = |standing: &Standing| match transfer.authority {
        DebitAuthority::Owner(owner) => standing.account.owner_id == owner && owner != BANK_OWNER,
        DebitAuthority::Bank => standing.account.owner_id != BANK_OWNER,
    };
    if transfer.instruction.source.is_none() || source.is_some_and(allowed) {
        Ok(())
    } else {
        Err(LedgerError::AccountNotFound(Side::Source))
    }
}

/// Any customer's account, where the transfer names one.
fn check_destination(
    destination: Option<&Standing>,
    transfer: &Transfer,
) -> Result<(), LedgerError> {
    let is_customer = |standing: &Standing| standing.account.owner_id != BANK_OWNER;
    if transfer.instruction.destination.is_none() || destination.is_some_and(is_customer) {
        Ok(())
    } else {
        Err(LedgerError::AccountNotFound(named(transfer)))
    }
}

/// Those of the two that the transfer may name.
///
/// # Errors
/// [`LedgerError::SameAccount`] where they are the same: no row of the journal can say that.
pub(super) fn permitted<'a>(
    source: Option<&'a Standing>,
    destination: Option<&'a Standing>,
    transfer: &Transfer,
) -> Result<(Option<&'a Standing>, Option<&'a Standing>), LedgerError> {
    let parties = (
        source.filter(|source| check_source(Some(source), transfer).is_ok()),
        destination.filter(|standing| check_destination(Some(standing), transfer).is_ok()),
    );
    refuse_same_account(parties, transfer)?;
    Ok(parties)
}

/// Money does not move from an account to itself.
fn refuse_same_account(
    (source, destination): (Option<&Standing>, Option<&Standing>),
    transfer: &Transfer,
) -> Result<(), LedgerError> {
    match (source, destination) {
        (Some(source), Some(destination)) if source.account.key == destination.account.key => {
            Err(LedgerError::SameAccount(named(transfer)))
        }
        _ => Ok(()),
    }
}

/// How a transfer names the account to credit.
fn named(transfer: &Transfer) -> Side {
    match transfer.instruction.destination {
        Some(AccountRef::Number(_)) => Side::DestinationNumber,
        Some(AccountRef::Id(_)) | None => Side::DestinationId,
    }
}

fn original(row: &Row, column: usize) -> Result<OriginalState, StoreError> {
    Ok(OriginalState {
        original: OriginalRef {
            sequence: row.integer(column)?,
            id: row.uuid(column + 1)?,
        },
        kind: Kind::from_row(row, column + 2)?,
        status: Status::from_row(row, column + 3)?,
        amount: money(row.integer(column + 4)?, &row.text(column + 5)?)?,
        expires_at_ms: row.optional(column + 6, Row::integer)?,
        resolved_by: row.optional(column + 7, Kind::from_row)?,
    })
}
