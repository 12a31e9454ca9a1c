//! The calls that create, list, change, and delete webhooks.

use super::body::{ChangeBody, WebhookBody};
use super::find::{find, find_active};
use super::view::{SecretView, WebhookView};
use crate::service::{Env, Service};
use crate::webhook::{self, CHANGED, CREATED, DELETED, Secret, Webhook};
use strongroom_ledger_api::Journal;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::client::{Client, Target};
use strongroom_sdk::idempotency::{Begun, IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::{Admin, Auditor};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

/// How many webhooks there may be: four deliveries of each are sent at once, and the host lets a
/// service have 64 outgoing requests.
pub const WEBHOOKS_MAX: i64 = 16;

impl<E: Env> Service<E> {
    /// `POST /`: administrators. The webhook begins at the end of the journal. The response to a
    /// repeated request has everything but the secret. An origin that the registry does not name
    /// gets a warning: the operator may name it later.
    pub fn create(
        &self,
        admin: &Admin,
        key: Option<&IdempotencyKey>,
        body: WebhookBody,
    ) -> Result<StoredReply, Problem> {
        let request = KeyedRequest::new(key, admin.principal(), "POST /", &body)?;
        let secret = body.check()?;
        if let Some(reply) = request.replay(&self.store)? {
            return Ok(reply);
        }
        // Before the transaction: a service waits for no other while it holds the writer.
        let cursor = self.journal.head().map_err(|error| {
            eprintln!("journal: {error}");
            Problem::unavailable()
        })?;
        let transaction = match request.begin(&self.store)? {
            Begun::First(transaction) => transaction,
            Begun::Repeated(reply) => return Ok(reply),
        };
        if webhook::count(&transaction)? >= WEBHOOKS_MAX {
            return Err(too_many());
        }
        let webhook = Webhook {
            key: 0,
            id: self.random.uuid_v7(&self.clock),
            url: body.url,
            secret: secret.unwrap_or_else(|| Secret::fresh(&self.random)),
            events: body.events,
            created_by: admin.subject,
            created_at_ms: self.clock.now_ms(),
            cursor,
            ended_at_ms: None,
            is_deleted: false,
        };
        webhook::insert(&transaction, &webhook)?;
        let now_ms = webhook.created_at_ms;
        Record {
            new_value: Some(webhook.facts()),
            ..Record::new(now_ms, Actor::new(admin), CREATED, webhook.id)
        }
        .append(&transaction)?;
        let view = SecretView {
            secret: webhook.secret.to_text(),
            webhook: self.logged_view(webhook),
        };
        let reply = request.created(&transaction, now_ms, &view)?;
        transaction.commit()?;
        Ok(reply)
    }

    /// The view of a webhook, with a warning where the registry does not let anything be sent to
    /// the URL.
    pub(super) fn view(&self, webhook: Webhook) -> WebhookView {
        let is_allowed = self.refused_origin(&webhook).is_none();
        WebhookView::new(webhook, is_allowed)
    }

    /// As [`Self::view`] of a new URL: the operator reads the warning in the log.
    fn logged_view(&self, webhook: Webhook) -> WebhookView {
        let refused = self.refused_origin(&webhook);
        if let Some(origin) = &refused {
            eprintln!("the registry's `outbound` does not name {origin}: no webhook is sent there");
        }
        WebhookView::new(webhook, refused.is_none())
    }

    fn refused_origin(&self, webhook: &Webhook) -> Option<String> {
        let target = Target::parse(&webhook.url);
        let refused = target.filter(|target| !self.client.allows(target));
        refused.map(|target| target.origin())
    }

    /// `GET /`: administrators and auditors; newest first.
    pub fn list(&self, _: &Auditor, page: &Page<i64>) -> Result<List<WebhookView>, Problem> {
        let found = webhook::list(&self.store, &page.window())?;
        let list = List::new(found, page, |webhook| webhook.key);
        Ok(list.map(|webhook| self.view(webhook)))
    }

    /// `GET /{id}`: administrators and auditors.
    pub fn webhook(&self, _: &Auditor, id: Uuid) -> Result<WebhookView, Problem> {
        Ok(self.view(find(&self.store, id)?))
    }

    /// `PATCH /{id}`: administrators. Pending deliveries go to the new URL. The events are those of
    /// what the webhook has not passed yet.
    pub fn change(
        &self,
        admin: &Admin,
        id: Uuid,
        body: ChangeBody,
    ) -> Result<WebhookView, Problem> {
        body.check()?;
        let transaction = self.store.begin()?;
        let old = find_active(&transaction, id)?;
        let new = Webhook {
            url: body.url.unwrap_or_else(|| old.url.clone()),
            events: body.events.unwrap_or_else(|| old.events.clone()),
            ..old.clone()
        };
        if new != old {
            webhook::change(&transaction, &new)?;
            let now_ms = self.clock.now_ms();
            Record {
                old_value: Some(old.facts()),
                new_value: Some(new.facts()),
                ..Record::new(now_ms, Actor::new(admin), CHANGED, id)
            }
            .append(&transaction)?;
        }
        // Unchanged too: what was read may be of a turn that is not on disk yet.
        transaction.commit()?;
        Ok(match new.url == old.url {
            true => self.view(new),
            false => self.logged_view(new),
        })
    }

    /// `DELETE /{id}`: administrators. Nothing more is sent, except what is being sent now.
    pub fn delete(&self, admin: &Admin, id: Uuid) -> Result<(), Problem> {
        let transaction = self.store.begin()?;
        let webhook = find(&transaction, id)?;
        let now_ms = self.clock.now_ms();
        webhook::delete(&transaction, webhook.key, now_ms)?;
        Record {
            old_value: Some(webhook.facts()),
            ..Record::new(now_ms, Actor::new(admin), DELETED, id)
        }
        .append(&transaction)?;
        Ok(transaction.commit()?)
    }
}

fn too_many() -> Problem {
    Problem::unprocessable(
        "webhooks_too_many",
        format!("There may be {WEBHOOKS_MAX} webhooks."),
    )
}
