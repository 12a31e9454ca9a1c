//! What a decision depends on: whether the id is known, the two accounts, the original of a
//! capture or reversal, and the end of the journal. One query reads all of it.

use super::authority::may_name;
use super::columns::{amount, currency};
use super::head::Head;
use super::journal::{AccountOfRow, OriginalRef, RowAccounts, account, original};
use super::settlement;
use crate::account::{Account, AccountStatus, Direction, Freeze};
use crate::balance::Balance;
use strongroom_ledger_api::{
    AccountRef, Actor, DebitAuthority, Instruction, Kind, LedgerError, Side, Status, Transfer,
};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::store::{Reader, Row, StoreError, Value};

/// The columns that [`AccountState::from_row`] reads of one account.
macro_rules! account_state_columns {
    ($account:literal, $balance:literal) => {
        concat!(
            account_state_columns!($account: key id owner_id currency status frozen
                overdraft_limit_minor),
            ", ",
            account_state_columns!($balance: debits_posted credits_posted debits_pending
                credits_pending entry_count)
        )
    };
    ($table:literal: $first:ident $($column:ident)+) => {
        concat!($table, ".", stringify!($first) $(, ", ", $table, ".", stringify!($column))+)
    };
}
pub(super) use account_state_columns;

/// The number of columns in `account_state_columns`.
pub(super) const ACCOUNT_STATE_COLUMNS: usize = 12;

/// The query of a [`LedgerState`]. `?1` is the transfer's id; `$accounts` finds `source` and
/// `destination`.
macro_rules! ledger_state_sql {
    ($columns:literal, $accounts:literal) => {
        concat!(
            "SELECT head.transfer_sequence, head.entry_sequence, head.recorded_at_ms, head.hash, \
             coalesce(known.fingerprint, (SELECT fingerprint FROM batch WHERE id = ?1)), ",
            account_state_columns!("source", "source_balance"),
            ", ",
            account_state_columns!("destination", "destination_balance"),
            $columns,
            " FROM journal_head AS head LEFT JOIN transfer AS known ON known.id = ?1 ",
            $accounts,
            " LEFT JOIN balance AS source_balance ON source_balance.account_key = source.key \
              LEFT JOIN balance AS destination_balance \
              ON destination_balance.account_key = destination.key \
              WHERE head.singleton = 1"
        )
    };
}

/// `?2` is the source's id, `?3` the destination's id, `?4` its number.
const OF_ACCOUNTS: &str = ledger_state_sql!(
    "",
    "LEFT JOIN account AS source ON source.id = ?2 \
     LEFT JOIN account AS destination ON destination.key = coalesce( \
        (SELECT key FROM account WHERE id = ?3), (SELECT key FROM account WHERE number = ?4))"
);

/// `?2` is the original's id.
const OF_ORIGINAL: &str = ledger_state_sql!(
    ", original.sequence, original.id, original.kind, original.status, original.amount_minor, \
     original.currency, original.expires_at_ms, resolving.kind",
    "LEFT JOIN transfer AS original ON original.id = ?2 \
     LEFT JOIN transfer AS resolving \
     ON resolving.subject_sequence = original.sequence AND resolving.status <> 'declined' \
     LEFT JOIN account AS source ON source.key = original.debit_account_key \
     LEFT JOIN account AS destination ON destination.key = original.credit_account_key"
);

const SOURCE_COLUMN: usize = 5;
const DESTINATION_COLUMN: usize = SOURCE_COLUMN + ACCOUNT_STATE_COLUMNS;
const ORIGINAL_COLUMN: usize = DESTINATION_COLUMN + ACCOUNT_STATE_COLUMNS;

/// An account as the decision sees it.
#[derive(Debug, Clone)]
pub struct AccountState {
    pub account: AccountOfRow,
    pub currency: Currency,
    pub status: AccountStatus,
    pub freeze: Option<Freeze>,
    pub balance: Balance,
    pub entry_count: i64,
}

impl AccountState {
    /// The state of an account that has just been opened.
    pub fn new(account: &Account) -> Self {
        Self {
            account: AccountOfRow {
                key: account.key,
                id: account.id,
                owner_id: account.owner_id,
            },
            currency: account.currency,
            status: account.status,
            freeze: account.freeze,
            balance: account.balance,
            entry_count: account.entry_count,
        }
    }

    /// Reads the columns of `account_state_columns`.
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        Ok(Self {
            account: account(row, column)?,
            currency: currency(&row.text(column + 3)?)?,
            status: AccountStatus::from_row(row, column + 4)?,
            freeze: row.optional(column + 5, Freeze::from_row)?,
            balance: Balance::from_row(row, column + 6)?,
            entry_count: row.integer(column + 11)?,
        })
    }
}

/// The hold or posting that a transfer names.
#[derive(Debug, Clone)]
pub struct OriginalState {
    pub row: OriginalRef,
    pub kind: Kind,
    pub status: Status,
    /// None of a posting of several legs.
    pub amount: Option<Money>,
    pub expires_at_ms: Option<i64>,
    /// The kind of the row that has ended or reversed it, if there is one.
    pub resolved_by: Option<Kind>,
}

impl OriginalState {
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        Ok(Self {
            row: original(row, column)?,
            kind: Kind::from_row(row, column + 2)?,
            status: Status::from_row(row, column + 3)?,
            amount: row.optional(column + 4, amount)?,
            expires_at_ms: row.optional(column + 6, Row::integer)?,
            resolved_by: row.optional(column + 7, Kind::from_row)?,
        })
    }
}

/// All that the decision depends on.
#[derive(Debug)]
pub struct LedgerState {
    pub head: Head,
    /// The fingerprint of the transfer or batch that has this id already, if there is one.
    pub known: Option<[u8; 32]>,
    pub source: Option<AccountState>,
    pub destination: Option<AccountState>,
    pub original: Option<OriginalState>,
}

impl LedgerState {
    pub fn read(from: &impl Reader, transfer: &Transfer) -> Result<Self, StoreError> {
        let original = transfer.instruction.original;
        let rows = match original {
            Some(id) => from.query(OF_ORIGINAL, &[Value::from(transfer.id), Value::from(id)]),
            None => from.query(OF_ACCOUNTS, &params_of_accounts(transfer)),
        };
        let row = rows?.first_or("the journal has no head")?;
        let mut state = Self {
            head: Head::from_row(&row, 0)?,
            known: row.optional(4, Row::bytes32)?,
            source: row.optional(SOURCE_COLUMN, AccountState::from_row)?,
            destination: row.optional(DESTINATION_COLUMN, AccountState::from_row)?,
            original: match original {
                Some(_) => row.optional(ORIGINAL_COLUMN, OriginalState::from_row)?,
                None => None,
            },
        };
        if transfer.instruction.kind == Kind::Reversal {
            std::mem::swap(&mut state.source, &mut state.destination);
        }
        Ok(state)
    }

    /// The payer and the payee, as [`Parties::of_payment`] finds them for a payment.
    pub fn parties(&self, transfer: &Transfer) -> Result<Parties<'_>, LedgerError> {
        let (source, destination) = (self.source.as_ref(), self.destination.as_ref());
        if !transfer.instruction.kind.has_original() {
            return Parties::of_payment(source, destination, transfer);
        }
        self.check_original(transfer)?;
        Ok(Parties {
            source,
            destination: Ok(destination),
        })
    }

    /// Refuses what staff may not do to their own account: they act on it as its owner, who
    /// neither deposits nor reverses.
    pub fn refuse_own_account(&self, transfer: &Transfer) -> Result<(), LedgerError> {
        let kind = transfer.instruction.kind;
        let is_actors =
            |state: &AccountState| Actor::user(state.account.owner_id) == transfer.actor;
        let mut accounts = [&self.source, &self.destination].into_iter().flatten();
        if matches!(kind, Kind::Deposit | Kind::Reversal) && accounts.any(is_actors) {
            return Err(LedgerError::OwnAccount);
        }
        Ok(())
    }

    /// The payer captures or voids a hold; the bank reverses a posting.
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
        let (Some(amount), Some(asked)) = (amount, original.amount) else {
            return Err(LedgerError::invalid("amount"));
        };
        if amount.currency() != asked.currency() {
            return Err(LedgerError::invalid("currency"));
        }
        if *kind != Kind::Capture && *amount != asked {
            return Err(LedgerError::invalid("amount"));
        }
        Ok(())
    }
}

/// A deposit or withdrawal does not name the bank's account: it is the settlement account of the
/// currency.
fn params_of_accounts(transfer: &Transfer) -> [Value; 4] {
    let instruction = &transfer.instruction;
    let settlement_id = || {
        let amount = instruction.amount;
        amount.map(|amount| settlement::id_of(amount.currency()))
    };
    let (destination_id, destination_number) = match &instruction.destination {
        Some(AccountRef::Id(id)) => (Value::from(*id), Value::Null),
        Some(AccountRef::Number(number)) => (Value::Null, Value::from(number.as_str())),
        None => (Value::from(settlement_id()), Value::Null),
    };
    [
        Value::from(transfer.id),
        Value::from(instruction.source.or_else(settlement_id)),
        destination_id,
        destination_number,
    ]
}

/// The payer and the payee of a transfer.
#[derive(Debug)]
pub struct Parties<'a> {
    /// The account to debit. None: the bank's own account of a currency that has none yet.
    pub source: Option<&'a AccountState>,
    /// The account to credit, likewise, or why there is none. The decision looks at the payer
    /// first.
    pub destination: Result<Option<&'a AccountState>, LedgerError>,
}

impl<'a> Parties<'a> {
    /// The parties of a payment. The settlement accounts are never found by their id.
    ///
    /// # Errors
    /// Where the authority may debit no such account, or payer and payee are one account. The
    /// error reveals nothing of another owner's account.
    pub fn of_payment(
        source: Option<&'a AccountState>,
        destination: Option<&'a AccountState>,
        transfer: &Transfer,
    ) -> Result<Self, LedgerError> {
        check_source(source, transfer)?;
        let destination = check_destination(destination, transfer).map(|()| destination);
        if let Ok(destination) = destination {
            refuse_same_account(RowAccounts::between(source, destination), transfer)?;
        }
        Ok(Self {
            source,
            destination,
        })
    }

    /// The account to credit, if there is one.
    pub fn payee(&self) -> Option<&'a AccountState> {
        self.destination.as_ref().ok().copied().flatten()
    }

    /// The accounts that the row of a decision names. A decline that rests on the payer's account
    /// alone may have no payee.
    pub fn of_row(&self) -> RowAccounts {
        RowAccounts::between(self.source, self.payee())
    }
}

impl RowAccounts {
    /// A row that debits `source` and credits `destination`.
    pub fn between(source: Option<&AccountState>, destination: Option<&AccountState>) -> Self {
        Self {
            debit: source.map(|state| state.account),
            credit: destination.map(|state| state.account),
        }
    }

    /// The accounts that a row may name which is declined without a decision: those that the
    /// transfer may name.
    ///
    /// # Errors
    /// [`LedgerError::SameAccount`] where they are one account: no row of the journal has that.
    pub fn permitted(
        source: Option<&AccountState>,
        destination: Option<&AccountState>,
        transfer: &Transfer,
    ) -> Result<Self, LedgerError> {
        let accounts = Self::between(
            source.filter(|source| check_source(Some(source), transfer).is_ok()),
            destination.filter(|state| check_destination(Some(state), transfer).is_ok()),
        );
        refuse_same_account(accounts, transfer)?;
        Ok(accounts)
    }

    /// The accounts of a row that a screening denies. No one else's account is named.
    ///
    /// # Errors
    /// [`LedgerError::AccountNotFound`] where the transfer may not debit its source; and those of
    /// [`RowAccounts::permitted`].
    pub fn denied(
        source: Option<&AccountState>,
        destination: Option<&AccountState>,
        transfer: &Transfer,
    ) -> Result<Self, LedgerError> {
        check_source(source, transfer)?;
        Self::permitted(source, destination, transfer)
    }
}

/// An account that the authority may debit, where the transfer names one.
fn check_source(source: Option<&AccountState>, transfer: &Transfer) -> Result<(), LedgerError> {
    let allowed =
        |state: &AccountState| may_name(transfer.authority, Direction::Debit, state.account);
    if transfer.instruction.source.is_none() || source.is_some_and(allowed) {
        Ok(())
    } else {
        Err(LedgerError::AccountNotFound(Side::Source))
    }
}

/// An account that the authority may credit, where the transfer names one.
fn check_destination(
    destination: Option<&AccountState>,
    transfer: &Transfer,
) -> Result<(), LedgerError> {
    let allowed =
        |state: &AccountState| may_name(transfer.authority, Direction::Credit, state.account);
    if transfer.instruction.destination.is_none() || destination.is_some_and(allowed) {
        Ok(())
    } else {
        Err(LedgerError::AccountNotFound(destination_side(transfer)))
    }
}

/// Money does not move from an account to itself.
fn refuse_same_account(accounts: RowAccounts, transfer: &Transfer) -> Result<(), LedgerError> {
    match (accounts.debit, accounts.credit) {
        (Some(debit), Some(credit)) if debit.key == credit.key => {
            Err(LedgerError::SameAccount(destination_side(transfer)))
        }
        _ => Ok(()),
    }
}

/// How a transfer names the account to credit.
fn destination_side(transfer: &Transfer) -> Side {
    match transfer.instruction.destination {
        Some(AccountRef::Number(_)) => Side::DestinationNumber,
        Some(AccountRef::Id(_)) | None => Side::DestinationId,
    }
}
