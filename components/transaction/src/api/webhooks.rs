//! The calls of `/webhooks`: who is told what happens. An administrator makes and deletes them; an auditor may look.

use crate::drive::{Answer, key_reused};
use crate::event::Journal;
use crate::idempotency::{IdempotencyKey, derived_id};
use crate::intent::Final;
use crate::webhook::{
    self, Act, DeliveryView, Hub, LogFilter, LogView, NewWebhook, Secret, Webhook, WebhookBody,
    WebhookView,
};
use axum::http::StatusCode;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// How many webhooks there may be: each has four deliveries under way at once, and the host lets a service have 64.
pub const WEBHOOKS_MAX: i64 = 16;
/// How many bytes a secret has that the server makes.
const SECRET_BYTES: usize = 32;
/// What makes an id of a webhook another than one of a transfer under the same key.
const ID_SCOPE: &str = "webhook";
const WHO_CHANGES: &[Role] = &[Role::Admin];
const WHO_READS: &[Role] = &[Role::Admin, Role::Auditor];

/// `POST /webhooks`: admin. It begins with what happens from now on. The secret is answered once: a repetition has all but that.
///
/// # Errors
/// 403; 422 with the field, `webhooks_too_many`, `idempotency_key_reused`; 503 where the ledger does not answer.
pub fn create_webhook<S: Store, J: Journal, H, C: Clock>(
    hub: &Hub<S, J, H, C>,
    random: &impl Random,
    (identity, request_id): (&Identity, RequestId),
    key: &IdempotencyKey,
    body: WebhookBody,
) -> Result<Answer, Problem> {
    identity.require(WHO_CHANGES)?;
    let new = body.check()?;
    let id = derived_id(identity.subject, ID_SCOPE, key);
    if let Some(first) = webhook::peek(&hub.store, id)? {
        return replay(&new, &first);
    }
    let cursor = webhook::head(&hub.journal).map_err(|error| {
        eprintln!("journal: {error}");
        Problem::unavailable(1)
    })?;
    let webhook = Webhook {
        key: 0,
        id,
        fingerprint: new.fingerprint,
        url: new.url.clone(),
        secret: new.secret.clone().unwrap_or_else(|| fresh(random)),
        events: new.events.clone(),
        created_by: identity.subject,
        created_at_ms: hub.clock.now_ms(),
        cursor,
        is_deleted: false,
    };
    let transaction = hub.store.begin()?;
    if webhook::count(&transaction)? >= WEBHOOKS_MAX {
        return Err(too_many());
    }
    let act = Act {
        actor: Actor::new(identity, request_id),
        clock: &hub.clock,
        random,
    };
    if act.insert(&transaction, &webhook)? {
        transaction.commit()?;
        return answer(&WebhookView::with_secret(&webhook), false);
    }
    let first = webhook::find(&transaction, id)?;
    transaction.commit()?;
    let missing = || StoreError::Row("an id that conflicts has no row".to_owned());
    replay(&new, &first.ok_or_else(missing)?)
}

fn fresh(random: &impl Random) -> Secret {
    let mut bytes = vec![0; SECRET_BYTES];
    random.fill(&mut bytes);
    Secret::new(bytes)
}

fn replay(new: &NewWebhook, first: &Webhook) -> Result<Answer, Problem> {
    if new.fingerprint != first.fingerprint {
        return Err(key_reused());
    }
    answer(&WebhookView::new(first), true)
}

fn answer(view: &WebhookView, replayed: bool) -> Result<Answer, Problem> {
    let content = Final {
        status: StatusCode::CREATED.as_u16(),
        body: serde_json::to_string(view).map_err(Problem::internal)?,
    };
    Ok(Answer { content, replayed })
}

fn too_many() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "webhooks_too_many",
        format!("There may be {WEBHOOKS_MAX} webhooks."),
    )
}

/// `GET /webhooks`: admin, auditor; newest first.
///
/// # Errors
/// 403.
pub fn list_webhooks<S: Store, J, H, C>(
    hub: &Hub<S, J, H, C>,
    identity: &Identity,
    page: &Page<u64>,
) -> Result<List<WebhookView>, Problem> {
    identity.require(WHO_READS)?;
    let found = webhook::list(&hub.store, page.after, page.fetch())?;
    let list = List::new(found, page, |webhook| webhook.key.unsigned_abs());
    Ok(list.map(|webhook| WebhookView::new(&webhook)))
}

/// `GET /webhooks/audit-log`: admin, auditor; what was done to webhooks, newest first.
///
/// # Errors
/// 403.
pub fn webhook_log<S: Store, J, H, C>(
    hub: &Hub<S, J, H, C>,
    identity: &Identity,
    page: &Page<Uuid, LogFilter>,
) -> Result<List<LogView>, Problem> {
    identity.require(WHO_READS)?;
    Ok(webhook::log(&hub.store, page)?)
}

/// `DELETE /webhooks/{id}`: admin. Nothing is sent any more, but for what is under way.
///
/// # Errors
/// 403, 404.
pub fn delete_webhook<S: Store, J, H, C: Clock>(
    hub: &Hub<S, J, H, C>,
    random: &impl Random,
    (identity, request_id): (&Identity, RequestId),
    id: Uuid,
) -> Result<(), Problem> {
    identity.require(WHO_CHANGES)?;
    let act = Act {
        actor: Actor::new(identity, request_id),
        clock: &hub.clock,
        random,
    };
    let transaction = hub.store.begin()?;
    let was_there = act.delete(&transaction, id)?;
    transaction.commit()?;
    if was_there {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

/// `GET /webhooks/{id}/deliveries`: admin, auditor; newest event first.
///
/// # Errors
/// 403, 404.
pub fn list_deliveries<S: Store, J, H, C>(
    hub: &Hub<S, J, H, C>,
    identity: &Identity,
    id: Uuid,
    page: &Page<u64>,
) -> Result<List<DeliveryView>, Problem> {
    identity.require(WHO_READS)?;
    let webhook = existing(&hub.store, id)?;
    let found = webhook::deliveries(&hub.store, webhook.key, page.after, page.fetch())?;
    let list = List::new(found, page, |delivery| delivery.sequence);
    Ok(list.map(DeliveryView::from))
}

/// `POST /webhooks/{id}/deliveries/{sequence}/resend`: admin. It is sent with the next tick, and tried as long as a new one.
///
/// # Errors
/// 403, 404.
pub fn resend_delivery<S: Store, J, H, C: Clock>(
    hub: &Hub<S, J, H, C>,
    random: &impl Random,
    (identity, request_id): (&Identity, RequestId),
    (id, sequence): (Uuid, u64),
) -> Result<DeliveryView, Problem> {
    identity.require(WHO_CHANGES)?;
    let webhook = existing(&hub.store, id)?;
    let act = Act {
        actor: Actor::new(identity, request_id),
        clock: &hub.clock,
        random,
    };
    let transaction = hub.store.begin()?;
    if !act.resend(&transaction, id, sequence)? {
        return Err(Problem::not_found());
    }
    transaction.commit()?;
    webhook::peek_delivery(&hub.store, webhook.key, sequence)?
        .map(DeliveryView::from)
        .ok_or_else(Problem::not_found)
}

fn existing<S: Store>(store: &S, id: Uuid) -> Result<Webhook, Problem> {
    webhook::peek(store, id)?
        .filter(|webhook| !webhook.is_deleted)
        .ok_or_else(Problem::not_found)
}
