//! The statements that end, pause, and resume many schedules at once.

use super::record::{EndedBecause, SCHEDULE_COLUMNS, Schedule};
use super::rows;
use strongroom_ledger_api::AccountSummary;
use strongroom_sdk::store::{StoreError, Transaction, Value};
use uuid::Uuid;

const END: &str = "\
UPDATE schedule SET state = 'ended', ended_because = ?2, next_due_at_ms = NULL
WHERE id = ?1 AND state IN ('active', 'paused')";

/// Those that pay from the account with the id `?1`, or to the one with that id or the number `?2`.
macro_rules! of_account {
    () => {
        "(SELECT id FROM schedule WHERE payer = ?1
          UNION ALL SELECT id FROM schedule WHERE payee IN (?1, ?2))"
    };
}

const END_OF_ACCOUNT: &str = concat!(
    "UPDATE schedule SET state = 'ended', ended_because = 'account_closed', next_due_at_ms = NULL
     WHERE state IN ('active', 'paused') AND id IN ",
    of_account!()
);

const CANCEL_RETRIES_OF_ACCOUNT: &str = concat!(
    "UPDATE schedule_run SET state = 'cancelled', next_attempt_at_ms = NULL, changed_at_ms = ?3
     WHERE state = 'retrying' AND schedule_id IN ",
    of_account!()
);

const PAUSE: &str = "\
UPDATE schedule SET state = 'paused', next_due_at_ms = NULL WHERE owner_id = ?1 AND state = 'active'";

const CANCEL_RETRIES_OF_OWNER: &str = "\
UPDATE schedule_run SET state = 'cancelled', next_attempt_at_ms = NULL, changed_at_ms = ?2
WHERE state = 'retrying' AND schedule_id IN (SELECT id FROM schedule WHERE owner_id = ?1)";

/// Ends a schedule of which the ledger has said that no date can be paid.
pub(super) fn end(
    transaction: &impl Transaction,
    schedule_id: Uuid,
    because: EndedBecause,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [Value::from(schedule_id), Value::from(because.as_str())];
    transaction.execute(END, &params)?;
    rows::cancel_retries(transaction, schedule_id, now_ms)
}

/// Ends the schedules that pay from or to an account that was closed. No date of theirs is tried
/// again, nor the last one of a schedule that was completed.
pub(super) fn end_of_account(
    transaction: &impl Transaction,
    account: &AccountSummary,
    now_ms: i64,
) -> Result<(), StoreError> {
    let names = [
        Value::from(account.id.to_string()),
        Value::from(account.number.as_str()),
    ];
    transaction.execute(END_OF_ACCOUNT, &names)?;
    let [id, number] = names;
    let params = [id, number, Value::from(now_ms)];
    transaction
        .execute(CANCEL_RETRIES_OF_ACCOUNT, &params)
        .map(drop)
}

/// Pauses the schedules of a user who may not log in. No date of theirs is tried again.
pub(super) fn pause(
    transaction: &impl Transaction,
    owner: Uuid,
    now_ms: i64,
) -> Result<(), StoreError> {
    transaction.execute(PAUSE, &[Value::from(owner)])?;
    let params = [Value::from(owner), Value::from(now_ms)];
    transaction
        .execute(CANCEL_RETRIES_OF_OWNER, &params)
        .map(drop)
}

/// Has the paused schedules of a user go on, who may log in again since `at_ms`.
pub(super) fn resume(
    transaction: &impl Transaction,
    owner: Uuid,
    at_ms: i64,
) -> Result<(), StoreError> {
    let paused =
        format!("SELECT {SCHEDULE_COLUMNS} FROM schedule WHERE owner_id = ?1 AND state = 'paused'");
    for row in transaction.query(&paused, &[owner.into()])? {
        let mut schedule = Schedule::from_row(&row)?;
        schedule.resume(at_ms);
        rows::advance(transaction, &schedule)?;
    }
    Ok(())
}
