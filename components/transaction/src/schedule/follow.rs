//! Following what decides on standing orders: accounts that are closed, and users who may not log
//! in, or may again.
//!
//! Links run one way, so that no other service can tell this one. It reads their changes at each
//! tick, from a cursor, which moves in the commit that does to the schedules what a change means.

use super::run::TickError;
use super::states;
use crate::users::{ChangeKind, UserChange, Users};
use strongroom_ledger_api::{AccountChange, AccountSummary, Directory};
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

/// How many pages one tick takes of a source, so that a tick is short.
const PAGES_MAX: usize = 10;

const CURSOR: &str = "SELECT sequence FROM followed WHERE source = ?1";

const MOVE_CURSOR: &str = "UPDATE followed SET sequence = ?3 WHERE source = ?1 AND sequence = ?2";

stored_enum! {
    /// Where the changes are.
    pub enum Source {
        /// The account service.
        Accounts = "accounts";
        /// The auth service.
        Users = "users";
    }
}

/// What a change means for schedules.
enum Meaning {
    /// Those of this account end.
    Closed(AccountSummary),
    /// Those of this user are paused.
    Disabled(Uuid),
    /// Those of this user go on, from this time.
    Enabled(Uuid, i64),
    /// Nothing.
    Nothing,
}

/// The place of a change, and what it means.
type Change = (u64, Meaning);

/// Follows both as far as they go now, and does to schedules what has become of accounts and users.
///
/// # Errors
/// [`TickError`]: then nothing may begin, as an order may have ended, or may be to be paused.
pub(super) fn follow<S: Store>(
    store: &S,
    accounts: &impl Directory,
    users: &impl Users,
    now_ms: i64,
) -> Result<(), TickError> {
    follow_source(store, Source::Accounts, now_ms, |after| {
        let changes = accounts.changes(after)?;
        Ok(changes.into_iter().map(of_account).collect())
    })?;
    follow_source(store, Source::Users, now_ms, |after| {
        let changes = users.changes(after)?;
        Ok(changes.into_iter().map(of_user).collect())
    })
}

fn of_account(change: AccountChange) -> Change {
    let meaning = if change.account.closed {
        Meaning::Closed(change.account)
    } else {
        Meaning::Nothing
    };
    (change.sequence, meaning)
}

fn of_user(change: UserChange) -> Change {
    let meaning = match change.kind {
        ChangeKind::Disabled => Meaning::Disabled(change.user_id),
        ChangeKind::Enabled => Meaning::Enabled(change.user_id, change.at_ms),
        ChangeKind::Other => Meaning::Nothing,
    };
    (change.sequence, meaning)
}

fn follow_source<S: Store>(
    store: &S,
    source: Source,
    now_ms: i64,
    read: impl Fn(u64) -> Result<Vec<Change>, TickError>,
) -> Result<(), TickError> {
    let mut after = followed(store, source)?;
    for _ in 0..PAGES_MAX {
        let page = read(after)?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        let transaction = store.begin()?;
        if !move_cursor(&transaction, source, after, *last)? {
            // Another generation has done this page, or this one in the group before.
            return Ok(());
        }
        after = *last;
        let meant = page
            .iter()
            .filter(|(_, meaning)| !matches!(meaning, Meaning::Nothing));
        let mut is_idle = true;
        for (_, meaning) in meant {
            apply(&transaction, meaning, now_ms)?;
            is_idle = false;
        }
        if is_idle {
            // Lost in a crash, the page is read again.
            transaction.commit_later()?;
        } else {
            transaction.commit()?;
        }
    }
    Ok(())
}

fn apply(transaction: &impl Transaction, meaning: &Meaning, now_ms: i64) -> Result<(), StoreError> {
    match meaning {
        Meaning::Closed(account) => states::end_of_account(transaction, account, now_ms),
        Meaning::Disabled(owner) => states::pause(transaction, *owner, now_ms),
        Meaning::Enabled(owner, at_ms) => states::resume(transaction, *owner, *at_ms),
        Meaning::Nothing => Ok(()),
    }
}

/// The last change of a source that schedules have followed; 0 before the first.
pub(crate) fn followed<S: Store>(store: &S, source: Source) -> Result<u64, StoreError> {
    let row = store.query(CURSOR, &[Value::from(source.as_str())])?;
    let sequence = row.first_or("a source has no cursor")?.integer(0)?;
    Ok(sequence.unsigned_abs())
}

/// Moves a cursor; false if it does not stand at `from` any more.
fn move_cursor(
    transaction: &impl Transaction,
    source: Source,
    from: u64,
    to: u64,
) -> Result<bool, StoreError> {
    let place = |sequence| Value::from(i64::try_from(sequence).unwrap_or(i64::MAX));
    let params = [source.as_str().into(), place(from), place(to)];
    Ok(transaction.execute(MOVE_CURSOR, &params)? == 1)
}
