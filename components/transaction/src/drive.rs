//! From an intent to its answer.
//!
//! 1. The intent is committed: from here on, recovery finishes what a crash cuts off.
//! 2. The ledger posts or declines: its commit is the decision.
//! 3. The client is answered, from the ledger's record alone.
//! 4. The intent is marked final with whatever is committed next. Lost in a crash, the mark is derived again.
//!
//! No write transaction is open while the ledger is asked. Where a screening stands before the ledger and does not answer, the ledger
//! is not asked to post, and a first request is forgotten: nothing of it happens behind the client's back.

use crate::api::{answer_to, refusal_of};
use crate::intent::{self, Accepted, Final, Intent, State, Stored};
use crate::ledger::{Ledger, LedgerError};
use crate::order::Decided;
use axum::http::StatusCode;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// When a client whose request is still in progress may ask again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The answer to a request that moves money, and whether it was decided before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status and body; the same for each repetition.
    pub content: Final,
    /// Whether this is a repetition.
    pub replayed: bool,
}

/// Accepts a request, has the ledger decide, and answers; a repeated request is answered as the first was.
///
/// # Errors
/// 404 `account_not_found`, 422 `idempotency_key_reused`, 422 `validation_failed`: nothing is kept. 409 `in_progress`: the request
/// was accepted; recovery finishes it, or gives it up after its deadline. 503 `service_unavailable`: it may have been accepted or
/// not. After both, its repetition with the same key tells.
pub fn submit<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    intent: &Intent,
) -> Result<Answer, Problem> {
    let now_ms = intent.accepted.order.requested_at_ms();
    let transaction = store.begin()?;
    if intent::insert(&transaction, intent)? {
        transaction.commit()?;
        return decide(store, ledger, &intent.accepted, Asked::First, now_ms);
    }
    let stored = intent::find(&transaction, intent.accepted.order.id())?;
    // Nothing was changed, but what was found may be of an earlier turn of the group: the commit waits until it is on disk. And the
    // ledger must not be asked while the transaction is open.
    transaction.commit()?;
    let Some(stored) = stored else {
        return Err(StoreError::Row("an id that conflicts has no row".to_owned()).into());
    };
    repeat(store, ledger, intent, stored)
}

fn repeat<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    intent: &Intent,
    stored: Stored,
) -> Result<Answer, Problem> {
    if stored.fingerprint != *intent.accepted.order.fingerprint() {
        return Err(key_reused());
    }
    match stored.state {
        State::Final(content) => Ok(Answer {
            content,
            replayed: true,
        }),
        // Cut off, or still running elsewhere: asking the ledger again is harmless, as the id is the same.
        State::Accepted(accepted) => {
            let now_ms = intent.accepted.order.requested_at_ms();
            decide(store, ledger, &accepted, Asked::Again, now_ms)
        }
    }
}

/// Whether the client has asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    First,
    Again,
}

fn decide<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    accepted: &Accepted,
    asked: Asked,
    now_ms: i64,
) -> Result<Answer, Problem> {
    match resolve(store, ledger, accepted, now_ms) {
        Ok(Resolved { decided, content }) => {
            // An older request under the same id, which this service has since forgotten, was the first.
            let first_asked_ms = decided.requested_at_ms();
            let replayed = asked == Asked::Again
                || first_asked_ms.is_some_and(|first| first != accepted.order.requested_at_ms());
            Ok(Answer { content, replayed })
        }
        Err(LedgerError::IdReused) => Err(key_reused()),
        Err(LedgerError::Unavailable(cause)) => {
            eprintln!("ledger: {cause}");
            Err(match asked {
                Asked::First => Problem::unavailable(RETRY_AFTER_SECONDS),
                Asked::Again => in_progress(),
            })
        }
        Err(LedgerError::NotScreened(cause)) => {
            eprintln!("screening: {cause}");
            if asked == Asked::First {
                forget(store, accepted);
            }
            Err(Problem::unavailable(RETRY_AFTER_SECONDS))
        }
        Err(refused) => Err(refusal_of(&refused, &accepted.order)),
    }
}

/// Forgets a request that was never posted, before the client is told that it was not. Where that fails, recovery finishes the
/// request, as after any 503.
fn forget<S: Store>(store: &S, accepted: &Accepted) {
    let forgotten = store.begin().and_then(|transaction| {
        intent::remove(&transaction, &accepted.order)?;
        transaction.commit()
    });
    if let Err(error) = forgotten {
        eprintln!("intent {}: {error}", accepted.order.id());
    }
}

/// What the ledger says to an order, and the answer that is made of it.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub decided: Decided,
    pub content: Final,
}

/// Asks the ledger to post; past its deadline, an intent is given up by the one way that is safe.
pub(crate) fn attempt<L: Ledger>(
    ledger: &L,
    accepted: &Accepted,
    now_ms: i64,
) -> Result<Resolved, LedgerError> {
    if now_ms >= accepted.deadline_at_ms {
        return give_up(ledger, accepted);
    }
    resolved(accepted, accepted.order.post(ledger)?)
}

/// Has the ledger give an intent up: afterwards it is never posted, if it was not before.
pub(crate) fn give_up<L: Ledger>(ledger: &L, accepted: &Accepted) -> Result<Resolved, LedgerError> {
    resolved(accepted, accepted.order.fence(ledger)?)
}

fn resolved(accepted: &Accepted, decided: Decided) -> Result<Resolved, LedgerError> {
    // A record of which no answer can be made is as good as none: the order stays open until the ledger answers better.
    let content = answer_to(&accepted.order, &decided)
        .map_err(|problem| LedgerError::Unavailable(problem.detail().to_owned()))?;
    Ok(Resolved { decided, content })
}

/// Makes an [`attempt`], and notes what the ledger says.
pub(crate) fn resolve<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    accepted: &Accepted,
    now_ms: i64,
) -> Result<Resolved, LedgerError> {
    let result = attempt(ledger, accepted, now_ms);
    // Only a note: what is lost of it, recovery finds again.
    if let Err(error) = note(store, accepted, &result) {
        eprintln!("intent {}: {error}", accepted.order.id());
    }
    result
}

fn note<S: Store>(
    store: &S,
    accepted: &Accepted,
    result: &Result<Resolved, LedgerError>,
) -> Result<(), StoreError> {
    if result.as_ref().is_err_and(LedgerError::leaves_open) {
        return Ok(());
    }
    let transaction = store.begin()?;
    settle(&transaction, accepted, result)?;
    transaction.commit_later()
}

/// Marks an intent final, or forgets it where the ledger records nothing. An error that leaves it open changes nothing.
pub(crate) fn settle(
    transaction: &impl Transaction,
    accepted: &Accepted,
    result: &Result<Resolved, LedgerError>,
) -> Result<(), StoreError> {
    match result {
        Ok(resolved) => intent::finish(transaction, &accepted.order, &resolved.content),
        Err(error) if error.leaves_open() => Ok(()),
        Err(_) => intent::remove(transaction, &accepted.order),
    }
}

pub(crate) fn key_reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "This idempotency-key was used for another request. Use a new key for each new request.",
    )
}

fn in_progress() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "in_progress",
        "The first request with this idempotency-key has no outcome yet. Repeat it to learn the outcome.",
    )
    .with_retry_after(RETRY_AFTER_SECONDS)
}
