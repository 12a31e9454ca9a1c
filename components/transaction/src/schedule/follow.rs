//! Following what decides on standing orders: accounts that are closed, and users who may not log
//! in, or may again.
//!
//! Links run one way, so that no other service can tell this one. It reads their changes at each
//! tick, from a cursor, which moves in the commit that does the last of what a change means. Each
//! commit is short, as an account may have any number of schedules: what is not done by then is
//! found again by the next one.

use super::states;
use super::tick::TickError;
use crate::users::{ChangeKind, UserChange, Users};
use strongroom_ledger_api::{AccountChange, AccountSummary, Directory};
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction, Value};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

/// After how much a tick leaves the rest of a source to the next one, so that it is short: each
/// change that it has read counts one, and each row that it has changed.
const WORK_PER_TICK_MAX: u64 = 10_000;
/// What a commit counts beside its rows.
const WORK_OF_COMMIT: u64 = 10;

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
    /// Those of this user are paused, from this time.
    Disabled(Uuid, i64),
    /// Those of this user go on, from this time.
    Enabled(Uuid, i64),
    /// Nothing.
    Nothing,
}

/// The place of a change, and what it means.
type Change = (u64, Meaning);

/// Follows both, and does to schedules what has become of accounts and users. Returns whether it
/// came to the end of both: until then nothing may begin, as an order may have ended, or may be to
/// be paused.
///
/// # Errors
/// [`TickError`]: nothing may begin then either.
pub(super) fn follow<S: Store>(
    store: &S,
    accounts: &impl Directory,
    users: &impl Users,
    now_ms: i64,
) -> Result<bool, TickError> {
    let has_all = follow_source(store, Source::Accounts, now_ms, |after| {
        let changes = accounts.changes(after)?;
        Ok(changes.into_iter().map(of_account).collect())
    })?;
    Ok(has_all
        & follow_source(store, Source::Users, now_ms, |after| {
            let changes = users.changes(after)?;
            Ok(changes.into_iter().map(of_user).collect())
        })?)
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
        ChangeKind::Disabled => Meaning::Disabled(change.user_id, change.at_ms),
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
) -> Result<bool, TickError> {
    let mut after = followed(store, source)?;
    let mut work = 0;
    loop {
        // With the last one that was followed, as it may be gone, and what is at its place may
        // come.
        let mut page = read(after.saturating_sub(1))?;
        if after > 0 {
            if page.first().map(|(sequence, _)| *sequence) != Some(after) {
                return follow_again(store, source, after).map_err(TickError::from);
            }
            page.remove(0);
        }
        let Some((last, _)) = page.last() else {
            return Ok(true);
        };
        let (last, length) = (*last, page.len() as u64);
        for (sequence, meaning) in page {
            if matches!(meaning, Meaning::Nothing) && sequence != last {
                continue;
            }
            let mut is_done = false;
            while !is_done {
                if work >= WORK_PER_TICK_MAX {
                    return Ok(false);
                }
                let transaction = store.begin()?;
                let changed = apply(&transaction, &meaning, now_ms)?;
                is_done = changed < states::ROWS_PER_COMMIT_MAX;
                let place = if is_done { sequence } else { after };
                if !move_cursor(&transaction, source, after, place)? {
                    // Another generation has done this change, or this one in the group before.
                    return Ok(false);
                }
                if changed == 0 {
                    // Lost in a crash, the change is read again.
                    transaction.commit_later()?;
                } else {
                    transaction.commit()?;
                }
                work += WORK_OF_COMMIT + changed;
            }
            after = sequence;
        }
        work += length;
    }
}

/// Begins at the first change again, from the next tick on: what was followed is not there any
/// more, as after a restore of that store alone, and what came in its place was not read. To do the
/// same again to schedules changes nothing.
fn follow_again<S: Store>(store: &S, source: Source, after: u64) -> Result<bool, StoreError> {
    let name = source.as_str();
    eprintln!("{name}: change {after} was followed and is not there: all are followed again");
    let transaction = store.begin()?;
    move_cursor(&transaction, source, after, 0)?;
    transaction.commit()?;
    Ok(false)
}

fn apply(
    transaction: &impl Transaction,
    meaning: &Meaning,
    now_ms: i64,
) -> Result<u64, StoreError> {
    match meaning {
        Meaning::Closed(account) => states::end_of_account(transaction, account, now_ms),
        Meaning::Disabled(owner, at_ms) => states::pause(transaction, *owner, (*at_ms, now_ms)),
        Meaning::Enabled(owner, at_ms) => states::resume(transaction, *owner, (*at_ms, now_ms)),
        Meaning::Nothing => Ok(0),
    }
}

/// The last change of a source that schedules have followed; 0 before the first.
pub(crate) fn followed<S: Store>(store: &S, source: Source) -> Result<u64, StoreError> {
    place_of(store.query(CURSOR, &[Value::from(source.as_str())])?)
}

/// As [`followed`], inside a write transaction.
pub(crate) fn followed_by_now(
    transaction: &impl Transaction,
    source: Source,
) -> Result<u64, StoreError> {
    place_of(transaction.query(CURSOR, &[Value::from(source.as_str())])?)
}

fn place_of(row: Rows) -> Result<u64, StoreError> {
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
