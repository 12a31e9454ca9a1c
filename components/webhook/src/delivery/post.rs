//! The request of a delivery.

use crate::Error;
use crate::webhook::Webhook;
use strongroom_ledger_api::Journal;
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_sdk::http::client::{Post, Target};

/// The request that sends an event: with the same body each time, and signed for this time. None
/// where the journal does not have the event.
///
/// # Errors
/// [`Error`].
pub(super) fn post_of(
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
    // Sequences come again after a restoration from a backup.
    let id = format!("evt_{}", posting.id);
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
