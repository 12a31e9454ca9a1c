//! The requests of deliveries and of test events.

use crate::Error;
use crate::webhook::{Secret, Webhook};
use strongroom_ledger_api::Journal;
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_sdk::http::client::{Post, Target};

/// The request that sends an event of the journal, with the same body each time. None where the
/// journal does not have the event.
pub(super) fn event_post(
    webhook: &Webhook,
    secrets: &[Secret],
    sequence: u64,
    journal: &impl Journal,
    now_ms: i64,
) -> Result<Option<Post>, Error> {
    let found = journal.journal(sequence.saturating_sub(1), 1)?;
    let Some(posting) = found.first().filter(|row| row.sequence == sequence) else {
        return Ok(None);
    };
    let event = Event::new(posting, TransactionView::recorded(posting)?);
    let body = serde_json::to_vec(&event)?;
    // Sequences come again after a restoration from a backup, and so do ids: a transaction that was
    // posted may be declined then.
    let id = match posting.decline {
        None => format!("evt_{}", posting.id),
        Some(decline) => format!("evt_{}_{}", posting.id, decline.as_str()),
    };
    Ok(signed_post(webhook, secrets, id, body, now_ms))
}

/// The request that sends a body, signed for this time by each of `secrets`. None where the
/// webhook's URL is none.
pub(crate) fn signed_post(
    webhook: &Webhook,
    secrets: &[Secret],
    id: String,
    body: Vec<u8>,
    now_ms: i64,
) -> Option<Post> {
    let target = Target::parse(&webhook.url)?;
    let seconds = now_ms.div_euclid(1_000);
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| secret.sign(&id, seconds, &body))
        .collect();
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", "strongroom-webhooks/1".to_owned()),
        ("webhook-id", id),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ];
    Some(Post {
        target,
        headers,
        body,
    })
}
