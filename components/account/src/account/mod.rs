//! Accounts: opening, finding, and changing them. Only [`ledger`](crate::ledger) moves money.

mod directory;
mod entry;
mod event;
mod find;
mod freeze;
mod manage;
mod number;
pub(crate) mod open;
mod past;
mod record;

pub use entry::{AccountEntry, Direction, entries_of};
pub use find::{by_id, of_owner};
pub use freeze::Freeze;
pub use manage::{ManageError, close, freeze, set_overdraft_limit, unfreeze};
pub use number::{NumberFormat, NumberFormatError};
pub use open::{
    EVER_FOR_EACH_OPEN, NAME_CHARACTERS_MAX, OpenError, OpenRequest, OpenRules, open, open_in,
};
pub use past::{PastError, balance_at};
pub use record::{Account, AccountStatus, AccountType};

pub(crate) use directory::{changes, summary_of};
pub(crate) use event::{CLOSED, FROZEN, OPENED, OVERDRAFT_LIMIT_CHANGED, UNFROZEN, opened_value};
pub(crate) use record::{ACCOUNT_COLUMNS, account_sql};

#[cfg(test)]
mod tests;
