//! Follows what decides on standing orders: accounts that are closed, and users who may not log in,
//! or may again.
//!
//! Links run one way, so the other services cannot notify this one. Each tick reads their changes
//! from a cursor. The cursor moves in the commit that does the last of what a change requires. Each
//! commit is short, as an account may have any number of orders: the next commit finds the rest.

use super::states;
use crate::Error;
use crate::service::{Env, Service};
use crate::users::{ChangeKind, UserChange, Users};
use strongroom_ledger_api::{AccountChange, AccountSummary, Directory};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Reader, Store, StoreError, Transaction, Value};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

/// How much one tick does for a source, so that it is short. A change that it reads counts one, and
/// so does a row that it changes.
const WORK_PER_TICK_MAX: u64 = 10_000;
/// What a commit counts beside its rows.
const WORK_OF_COMMIT: u64 = 10;

const CURSOR: &str = "SELECT sequence FROM followed WHERE source = ?1";

const MOVE_CURSOR: &str = "UPDATE followed SET sequence = ?3 WHERE source = ?1 AND sequence = ?2";

stored_enum! {
    /// Which changes are followed.
    pub enum Source {
        /// Those of the account service.
        Accounts = "accounts";
        /// Those of the auth service.
        Users = "users";
    }
}

/// A change of an account or a user.
struct Change {
    sequence: u64,
    effect: Effect,
}

/// What a change requires of standing orders.
enum Effect {
    /// The orders of this account end.
    Close(AccountSummary),
    /// The orders of this user are paused from this time on.
    Pause { owner: Uuid, at_ms: i64 },
    /// The orders of this user go on from this time on.
    Resume { owner: Uuid, at_ms: i64 },
    /// None changes.
    Nothing,
}

/// Follows both sources. Returns whether it came to the end of both: before that nothing may begin,
/// as a change that was not read may end an order, or pause it.
///
/// # Errors
/// [`Error`]: nothing may begin then either.
pub(super) fn follow<E: Env>(service: &Service<E>) -> Result<bool, Error> {
    let now_ms = service.clock.now_ms();
    let has_accounts = follow_source(&service.store, Source::Accounts, now_ms, |after| {
        let changes = service.ledger.changes(after)?;
        Ok(changes.into_iter().map(Change::from).collect())
    })?;
    let has_users = follow_source(&service.store, Source::Users, now_ms, |after| {
        let changes = service.users.changes(after)?;
        Ok(changes.into_iter().map(Change::from).collect())
    })?;
    Ok(has_accounts && has_users)
}

impl From<AccountChange> for Change {
    fn from(change: AccountChange) -> Self {
        Self {
            sequence: change.sequence,
            effect: if change.account.closed {
                Effect::Close(change.account)
            } else {
                Effect::Nothing
            },
        }
    }
}

impl From<UserChange> for Change {
    fn from(change: UserChange) -> Self {
        let (owner, at_ms) = (change.user_id, change.at_ms);
        Self {
            sequence: change.sequence,
            effect: match change.kind {
                ChangeKind::Disabled => Effect::Pause { owner, at_ms },
                ChangeKind::Enabled => Effect::Resume { owner, at_ms },
                ChangeKind::Other => Effect::Nothing,
            },
        }
    }
}

impl Effect {
    /// Does a part of it; returns how many rows that changed.
    fn apply(&self, transaction: &impl Transaction, now_ms: i64) -> Result<u64, StoreError> {
        match self {
            Self::Close(account) => states::end_of_account(transaction, account, now_ms),
            Self::Pause { owner, at_ms } => states::pause(transaction, *owner, *at_ms, now_ms),
            Self::Resume { owner, at_ms } => states::resume(transaction, *owner, *at_ms, now_ms),
            Self::Nothing => Ok(0),
        }
    }
}

fn follow_source<S: Store>(
    store: &S,
    source: Source,
    now_ms: i64,
    read: impl Fn(u64) -> Result<Vec<Change>, Error>,
) -> Result<bool, Error> {
    let mut after = followed(store, source)?;
    let mut work = 0;
    loop {
        // The page begins with the last change that was followed, to see whether it is still there.
        let mut page = read(after.saturating_sub(1))?;
        if after > 0 {
            if page.first().map(|change| change.sequence) != Some(after) {
                return start_again(store, source, after).map_err(Error::from);
            }
            page.remove(0);
        }
        let Some(last) = page.last().map(|change| change.sequence) else {
            return Ok(true);
        };
        let length = page.len() as u64;
        for Change { sequence, effect } in page {
            if matches!(effect, Effect::Nothing) && sequence != last {
                continue;
            }
            let mut is_done = false;
            while !is_done {
                if work >= WORK_PER_TICK_MAX {
                    return Ok(false);
                }
                let transaction = store.begin()?;
                let changed = effect.apply(&transaction, now_ms)?;
                is_done = changed < states::ROWS_PER_COMMIT_MAX;
                let place = if is_done { sequence } else { after };
                if !move_cursor(&transaction, source, after, place)? {
                    // Another generation has followed this change.
                    return Ok(false);
                }
                if changed == 0 {
                    // If a crash loses the cursor's move, the change is read again.
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

/// Has the next tick begin at the first change. The change that was followed last is gone, as after
/// a restore of that store alone, and other changes may have taken its place unread. What is
/// followed twice changes an order once.
fn start_again<S: Store>(store: &S, source: Source, after: u64) -> Result<bool, StoreError> {
    let name = source.as_str();
    eprintln!("{name}: change {after} was followed and is not there: all are followed again");
    let transaction = store.begin()?;
    move_cursor(&transaction, source, after, 0)?;
    transaction.commit()?;
    Ok(false)
}

/// The last change of a source that was followed; 0 before the first.
pub(crate) fn followed(from: &impl Reader, source: Source) -> Result<u64, StoreError> {
    let row = from.query(CURSOR, &[Value::from(source.as_str())])?;
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
