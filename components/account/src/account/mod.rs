//! Accounts: opening, finding, and changing them. Only [`ledger`](crate::ledger) moves money.

mod change;
mod code;
mod directory;
mod entry;
mod event;
mod find;
mod freeze;
mod list;
mod manage;
mod number;
pub(crate) mod open;
mod past;
mod record;
mod update;

pub use change::ManageError;
pub use code::{AccountCode, AccountCodeError, CODE_CHARACTERS_MAX};
pub use entry::{AccountEntry, Direction, entries_of};
pub use find::by_id;
pub use freeze::Freeze;
pub use list::{AccountFilter, ROWS_LOOKED_AT_MAX, list};
pub use manage::{close, freeze, unfreeze};
pub use number::{NumberFormat, NumberFormatError};
pub use open::{
    EVER_FOR_EACH_OPEN, NAME_CHARACTERS_MAX, OpenError, OpenRequest, OpenRules, open, open_in,
};
pub use past::balance_at;
pub use record::{Account, AccountStatus, AccountType, BANK_OWNER};
pub use update::{AccountUpdate, update};

pub(crate) use directory::changes;
pub(crate) use event::{
    CLOSED, FROZEN, METADATA_CHANGED, NAME_CHANGED, OPENED, OVERDRAFT_LIMIT_CHANGED, UNFROZEN,
    opened_value,
};
pub(crate) use record::{ACCOUNT_COLUMNS, account_sql};

#[cfg(test)]
mod tests;
