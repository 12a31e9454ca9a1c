//! The tick: follow the journal, then send what is due.
//!
//! What is due is sent at once, some of each webhook, so that a receiver who does not answer holds up the others for no more than
//! [`TIMEOUT`]. No transaction is open meanwhile. A crash before the answers are noted sends them again.

use super::follow::{FollowError, follow};
use super::record::{Delivery, DeliveryState, Webhook};
use super::{rows, sign};
use crate::api::TransactionView;
use crate::event::{Event, Journal};
use std::time::Duration;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::client::{Client, Post, SendError, Target};
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How long one delivery may take.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// How many deliveries of one webhook are under way at once: with as many webhooks as there may be, what the host lets a service have.
pub const AT_ONCE_PER_WEBHOOK: i64 = 4;
/// After so long a tick begins no further round.
const TICK_MS_MAX: i64 = 2_000;
/// The pause before the second attempt; each further one is three times as long.
pub const FIRST_PAUSE_MS: i64 = 5_000;
/// The longest pause.
pub const PAUSE_MAX_MS: i64 = 4 * 3_600 * 1_000;
/// For how long a delivery is tried.
pub const GIVE_UP_AFTER_MS: i64 = 3 * 24 * 3_600 * 1_000;
/// How long a delivery that is done can be looked at, and sent again.
const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// More than there may be.
const WEBHOOKS_READ_MAX: i64 = 100;

/// Why a delivery is not sent that the journal does not have, as one of an older backup.
const UNKNOWN_EVENT: &str = "the ledger does not know the event";

/// What the deliveries need of the world.
#[derive(Debug, Clone)]
pub struct Hub<S, J, H, C> {
    /// The service's store.
    pub store: S,
    /// The ledger's journal.
    pub journal: J,
    /// The way out.
    pub client: H,
    /// The time.
    pub clock: C,
}

/// Follows the journal and sends what is due; answers how many were sent.
///
/// # Errors
/// [`FollowError`].
pub fn tick<S: Store, J: Journal, H: Client, C: Clock>(
    hub: &Hub<S, J, H, C>,
) -> Result<usize, FollowError> {
    let started_ms = hub.clock.now_ms();
    rows::purge(&hub.store, started_ms.saturating_sub(KEPT_MS))?;
    let webhooks = rows::list(&hub.store, None, WEBHOOKS_READ_MAX)?;
    if webhooks.is_empty() {
        return Ok(0);
    }
    follow(&hub.store, &hub.journal, &webhooks, started_ms)?;
    let mut sent = 0;
    loop {
        let round = send_round(hub, &webhooks, started_ms)?;
        sent += round;
        let passed_ms = hub.clock.now_ms().saturating_sub(started_ms);
        if round == 0 || passed_ms >= TICK_MS_MAX {
            return Ok(sent);
        }
    }
}

/// Sends some of what was due when the tick began, and notes what came of it; answers how many that was.
fn send_round<S: Store, J: Journal, H: Client, C: Clock>(
    hub: &Hub<S, J, H, C>,
    webhooks: &[Webhook],
    due_at_ms: i64,
) -> Result<usize, FollowError> {
    let mut deliveries = Vec::new();
    let mut posts = Vec::new();
    let mut unknown = Vec::new();
    for webhook in webhooks {
        for delivery in rows::due(&hub.store, webhook.key, due_at_ms, AT_ONCE_PER_WEBHOOK)? {
            match prepare(hub, webhook, &delivery)? {
                Some(post) => {
                    deliveries.push(delivery);
                    posts.push(post);
                }
                None => unknown.push(delivery),
            }
        }
    }
    if deliveries.is_empty() && unknown.is_empty() {
        return Ok(0);
    }
    let answers = hub.client.post_all(&posts, TIMEOUT);
    let now_ms = hub.clock.now_ms();
    let transaction = hub.store.begin()?;
    for (delivery, answer) in deliveries.iter().zip(answers) {
        rows::record(&transaction, delivery, attempt(delivery, answer, now_ms))?;
    }
    for delivery in &unknown {
        let answer = Err(SendError::Failed(UNKNOWN_EVENT.to_owned()));
        rows::record(&transaction, delivery, attempt(delivery, answer, now_ms))?;
    }
    transaction.commit()?;
    Ok(deliveries.len() + unknown.len())
}

/// The request of a delivery: the event as `GET /events` shows it to staff, with the same bytes each time. None where the journal does not
/// have it.
fn prepare<S, J: Journal, H, C: Clock>(
    hub: &Hub<S, J, H, C>,
    webhook: &Webhook,
    delivery: &Delivery,
) -> Result<Option<Post>, FollowError> {
    let found = hub
        .journal
        .journal(delivery.sequence.saturating_sub(1), 1)?;
    let posting = found
        .first()
        .filter(|row| row.sequence == delivery.sequence);
    let (Some(posting), Some(target)) = (posting, Target::parse(&webhook.url)) else {
        return Ok(None);
    };
    let broken = |cause: String| StoreError::Row(cause);
    let view =
        TransactionView::whole(posting).map_err(|error| broken(error.detail().to_owned()))?;
    let body = serde_json::to_vec(&Event::new(posting, view))
        .map_err(|error| broken(error.to_string()))?;
    let id = format!("evt_{}", delivery.sequence);
    let seconds = hub.clock.now_ms().div_euclid(1_000);
    let signature =
        sign(&webhook.secret, &id, seconds, &body).map_err(|error| broken(error.to_string()))?;
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

/// What an answer means for a delivery.
fn attempt(delivery: &Delivery, answer: Result<u16, SendError>, now_ms: i64) -> rows::Attempt {
    let (status, error) = match answer {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error.to_string())),
    };
    if status.is_some_and(|status| (200..300).contains(&status)) {
        return rows::Attempt {
            state: DeliveryState::Delivered,
            next_attempt_at_ms: None,
            status,
            error,
            delivered_at_ms: Some(now_ms),
        };
    }
    let is_over = now_ms.saturating_sub(delivery.since_ms) >= GIVE_UP_AFTER_MS;
    let next_ms = now_ms.saturating_add(pause_ms(delivery.attempts));
    rows::Attempt {
        state: if is_over {
            DeliveryState::Dead
        } else {
            DeliveryState::Pending
        },
        next_attempt_at_ms: (!is_over).then_some(next_ms),
        status,
        error,
        delivered_at_ms: None,
    }
}

/// The pause after an attempt that failed, by how many were made before it: 5 s, 15 s, 45 s, .. 4 h.
pub fn pause_ms(attempts_before: u32) -> i64 {
    3_i64
        .checked_pow(attempts_before)
        .and_then(|factor| factor.checked_mul(FIRST_PAUSE_MS))
        .map_or(PAUSE_MAX_MS, |pause| pause.min(PAUSE_MAX_MS))
}
