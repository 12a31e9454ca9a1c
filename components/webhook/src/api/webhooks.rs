//! The calls that create, list, and delete webhooks.

use super::audit_log::{CREATED, DELETED};
use super::body::WebhookBody;
use super::view::WebhookView;
use super::{Service, WEBHOOKS_MAX, WHO_CHANGES, WHO_READS};
use crate::webhook::{self, Secret, Webhook};
use axum::http::StatusCode;
use strongroom_ledger_api::Journal;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::http::client::{Client, Target};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply, derived_id, key_reused};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

/// The scope of the ids of webhooks.
const ID_SCOPE: &str = "webhook";

/// `POST /`: admin. The webhook begins at the head of the journal. The response to a repetition has
/// everything but the secret. An origin that the registry does not name gets a warning: the
/// operator may name it later.
///
/// # Errors
/// 403; 422 with the field, `webhooks_too_many`, `idempotency_key_reused`; 503 where the ledger is
/// not available.
pub fn create_webhook<S: Store>(
    service: &Service<S, impl Clock, impl Random>,
    (journal, client): (&impl Journal, &impl Client),
    (identity, request_id): (&Identity, RequestId),
    key: &IdempotencyKey,
    body: WebhookBody,
) -> Result<StoredReply, Problem> {
    identity.require(WHO_CHANGES)?;
    let secret = body.check()?;
    let id = derived_id(identity.subject, ID_SCOPE, key.as_str());
    let fingerprint = body.fingerprint();
    // Before the transaction: a service waits for no other while it holds the writer.
    let cursor = journal.head().map_err(|error| {
        eprintln!("journal: {error}");
        Problem::unavailable()
    })?;
    let transaction = service.store.begin()?;
    if let Some(first) = webhook::find(&transaction, id)? {
        // The row may be of an earlier turn of the group: the commit waits until it is on disk.
        transaction.commit()?;
        if first.fingerprint != fingerprint {
            return Err(key_reused());
        }
        let target = Target::parse(&first.url);
        return created(WebhookView::from(first), target, client, true);
    }
    if webhook::count(&transaction)? >= WEBHOOKS_MAX {
        return Err(too_many());
    }
    let webhook = Webhook {
        key: 0,
        id,
        fingerprint,
        url: body.url,
        secret: secret.unwrap_or_else(|| Secret::fresh(&service.random)),
        events: body.events,
        created_by: identity.subject,
        created_at_ms: service.clock.now_ms(),
        cursor,
        ended_at_ms: None,
        is_deleted: false,
    };
    webhook::insert(&transaction, &webhook)?;
    Record {
        at_ms: webhook.created_at_ms,
        actor: Actor::new(identity, request_id),
        action: CREATED.into(),
        target: id,
        old_value: None,
        new_value: Some(webhook.facts()),
    }
    .append(&transaction)?;
    transaction.commit()?;
    let target = Target::parse(&webhook.url);
    created(WebhookView::with_secret(webhook), target, client, false)
}

/// 201, with a warning where the registry does not let anything be sent there.
fn created(
    mut view: WebhookView,
    target: Option<Target>,
    client: &impl Client,
    replayed: bool,
) -> Result<StoredReply, Problem> {
    if let Some(target) = target.filter(|target| !client.allows(target)) {
        let origin = target.origin();
        eprintln!("the registry's `outbound` does not name {origin}: no webhook is sent there");
        view = view.not_allowed();
    }
    StoredReply::new(StatusCode::CREATED, &view, replayed)
}

fn too_many() -> Problem {
    Problem::unprocessable(
        "webhooks_too_many",
        format!("There may be {WEBHOOKS_MAX} webhooks."),
    )
}

/// `GET /`: admin, auditor; newest first.
///
/// # Errors
/// 403.
pub fn list_webhooks<S: Store>(
    store: &S,
    identity: &Identity,
    page: &Page<u64>,
) -> Result<List<WebhookView>, Problem> {
    identity.require(WHO_READS)?;
    let found = webhook::list(store, page.after.unwrap_or(u64::MAX), page.fetch())?;
    let list = List::new(found, page, |webhook| webhook.key.unsigned_abs());
    Ok(list.map(WebhookView::from))
}

/// `DELETE /{id}`: admin. Nothing is sent any more, but for what is being sent.
///
/// # Errors
/// 403, 404.
pub fn delete_webhook<S: Store, R>(
    service: &Service<S, impl Clock, R>,
    (identity, request_id): (&Identity, RequestId),
    id: Uuid,
) -> Result<(), Problem> {
    identity.require(WHO_CHANGES)?;
    let transaction = service.store.begin()?;
    let webhook = webhook::find(&transaction, id)?
        .filter(|webhook| !webhook.is_deleted)
        .ok_or_else(Problem::not_found)?;
    let now_ms = service.clock.now_ms();
    webhook::delete(&transaction, webhook.key, now_ms)?;
    Record {
        at_ms: now_ms,
        actor: Actor::new(identity, request_id),
        action: DELETED.into(),
        target: id,
        old_value: Some(webhook.facts()),
        new_value: None,
    }
    .append(&transaction)?;
    Ok(transaction.commit()?)
}
