//! The tick: follow the journal, then send what is due.
//!
//! Some deliveries of each webhook are sent at once, so that a receiver that does not respond
//! delays the others by no more than [`TIMEOUT`]. No transaction is open meanwhile. A crash before
//! the outcomes are recorded sends these deliveries again.

use super::follow::follow;
use super::record::{Delivery, DeliveryState};
use super::rows;
use crate::Error;
use crate::api::{ENDED, RECEIVER_GONE};
use crate::webhook::{self, Webhook};
use std::time::Duration;
use strongroom_ledger_api::Journal;
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::client::{Client, Post, SendError, Target};
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How long one delivery may take.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// How many deliveries of one webhook are sent at once. Times the most webhooks that there may be,
/// this is the number of outgoing requests that the host lets a service have.
pub const AT_ONCE_PER_WEBHOOK: i64 = 4;
/// After so long a tick begins no further round.
const TICK_MS_MAX: i64 = 2_000;
/// The pause before the second attempt; each further one is three times as long.
pub const FIRST_PAUSE_MS: i64 = 5_000;
/// The longest pause.
pub const PAUSE_MAX_MS: i64 = 4 * 3_600 * 1_000;
/// How long a delivery is tried.
pub const GIVE_UP_AFTER_MS: i64 = 3 * 24 * 3_600 * 1_000;
/// How long a delivery that is not pending is kept, and can be sent again.
const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// More than there may be.
const WEBHOOKS_READ_MAX: i64 = 100;

/// What a receiver returns that wants nothing more (RFC 9110 15.5.11): the webhook ends, as
/// Standard Webhooks has it.
const GONE: u16 = 410;

/// Why a delivery is not sent whose event the journal does not have, such as after a restore of an
/// older backup.
const UNKNOWN_EVENT: &str = "the ledger does not know the event";

/// Follows the journal and sends what is due; returns how many deliveries that was.
///
/// # Errors
/// [`Error`].
pub fn tick<S: Store>(
    store: &S,
    journal: &impl Journal,
    client: &impl Client,
    clock: &impl Clock,
) -> Result<usize, Error> {
    let started_ms = clock.now_ms();
    rows::purge(store, started_ms.saturating_sub(KEPT_MS))?;
    let webhooks = webhook::active(store, WEBHOOKS_READ_MAX)?;
    follow(store, journal, &webhooks, started_ms)?;
    let mut sent = 0;
    loop {
        let round = send_round(store, &webhooks, journal, client, clock, started_ms)?;
        sent += round;
        let passed_ms = clock.now_ms().saturating_sub(started_ms);
        if round == 0 || passed_ms >= TICK_MS_MAX {
            return Ok(sent);
        }
    }
}

/// Sends some of what was due at `due_ms`, and records the outcomes; returns how many those were.
fn send_round<S: Store>(
    store: &S,
    webhooks: &[Webhook],
    journal: &impl Journal,
    client: &impl Client,
    clock: &impl Clock,
    due_ms: i64,
) -> Result<usize, Error> {
    let mut outcomes = Vec::new();
    let mut deliveries = Vec::new();
    let mut posts = Vec::new();
    for webhook in webhooks {
        for delivery in rows::due(store, webhook.key, due_ms, AT_ONCE_PER_WEBHOOK)? {
            if let Some(post) = post(webhook, delivery.sequence, journal, clock.now_ms())? {
                deliveries.push(delivery);
                posts.push(post);
            } else {
                let error = SendError::Failed(UNKNOWN_EVENT.to_owned());
                outcomes.push((delivery, Err(error)));
            }
        }
    }
    let responses = client.post_all(&posts, TIMEOUT);
    outcomes.extend(deliveries.into_iter().zip(responses));
    let count = outcomes.len();
    let now_ms = clock.now_ms();
    let transaction = store.begin()?;
    let mut gone = Vec::new();
    for (delivery, outcome) in outcomes {
        if outcome == Ok(GONE) {
            gone.push(delivery.webhook_key);
        }
        rows::record(&transaction, delivery.after_attempt(outcome, now_ms))?;
    }
    for webhook in webhooks
        .iter()
        .filter(|webhook| gone.contains(&webhook.key))
    {
        end(&transaction, webhook, now_ms)?;
    }
    transaction.commit()?;
    Ok(count)
}

/// Ends a webhook whose receiver is gone: nothing more is sent to it.
fn end(transaction: &impl Transaction, webhook: &Webhook, now_ms: i64) -> Result<(), StoreError> {
    if !webhook::end(transaction, webhook.key, now_ms)? {
        return Ok(());
    }
    rows::give_up(transaction, webhook.key)?;
    let id = webhook.id;
    eprintln!("webhook {id} has ended: its receiver returned {GONE}. Make another one to go on.");
    Record {
        at_ms: now_ms,
        actor: Actor::BANK,
        action: ENDED.into(),
        target: id,
        old_value: None,
        new_value: Some(RECEIVER_GONE.to_owned()),
    }
    .append(transaction)
}

/// The request of a delivery: the event, with the same bytes each time. None where the journal does
/// not have it.
fn post(
    webhook: &Webhook,
    sequence: u64,
    journal: &impl Journal,
    now_ms: i64,
) -> Result<Option<Post>, Error> {
    let found = journal.journal(sequence.saturating_sub(1), 1)?;
    let posting = found.first().filter(|row| row.sequence == sequence);
    let (Some(posting), Some(target)) = (posting, Target::parse(&webhook.url)) else {
        return Ok(None);
    };
    let event = Event::new(posting, TransactionView::recorded(posting)?);
    let body = serde_json::to_vec(&event)?;
    let id = format!("evt_{sequence}");
    let seconds = now_ms.div_euclid(1_000);
    let signature = webhook.secret.sign(&id, seconds, &body);
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", "strongroom-webhooks/1".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signature),
    ];
    Ok(Some(Post {
        target,
        headers,
        body,
    }))
}

impl Delivery {
    /// The delivery after an attempt, by what became of that.
    fn after_attempt(self, outcome: Result<u16, SendError>, now_ms: i64) -> Self {
        let pause_ms = pause_ms(self.attempts);
        let (state, next_attempt_at_ms) = match outcome {
            Ok(200..=299) => (DeliveryState::Delivered, None),
            Ok(GONE) => (DeliveryState::Dead, None),
            _ if now_ms.saturating_sub(self.since_ms) >= GIVE_UP_AFTER_MS => {
                (DeliveryState::Dead, None)
            }
            _ => (
                DeliveryState::Pending,
                Some(now_ms.saturating_add(pause_ms)),
            ),
        };
        Self {
            state,
            attempts: self.attempts.saturating_add(1),
            next_attempt_at_ms,
            last_status: outcome.as_ref().ok().copied().map(i64::from),
            last_error: outcome.err().map(|error| error.to_string()),
            delivered_at_ms: (state == DeliveryState::Delivered).then_some(now_ms),
            ..self
        }
    }
}

/// The pause after an attempt that failed, by how many were made before: 5 s, 15 s, 45 s, .. 4 h.
pub fn pause_ms(attempts_before: u32) -> i64 {
    3_i64
        .checked_pow(attempts_before)
        .and_then(|factor| factor.checked_mul(FIRST_PAUSE_MS))
        .map_or(PAUSE_MAX_MS, |pause| pause.min(PAUSE_MAX_MS))
}
