//! Opening and reading accounts.

use super::ALL_BUT_AUDITORS;
use crate::account::{
    self, AccountType, EVER_FOR_EACH_OPEN, NAME_CHARACTERS_MAX, OpenError, OpenRequest, PastError,
};
use crate::service::{Env, Service};
use crate::view::{AccountView, BalanceView, EntryView};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::{Clock, parse_rfc3339};
use strongroom_sdk::http::RequestId;
use strongroom_sdk::idempotency::{Begun, IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::money::Currency;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Transaction;
use strongroom_sdk::text::is_readable;
use uuid::Uuid;

/// The body of `POST /`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpenBody {
    r#type: CustomerAccountType,
    currency: String,
    name: Option<String>,
}

/// The types of account that a customer may open.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum CustomerAccountType {
    Checking,
    Savings,
}

impl OpenBody {
    fn into_request(self, owner_id: Uuid) -> Result<OpenRequest, Problem> {
        Ok(OpenRequest {
            owner_id,
            account_type: match self.r#type {
                CustomerAccountType::Checking => AccountType::Checking,
                CustomerAccountType::Savings => AccountType::Savings,
            },
            currency: currency(&self.currency)?,
            name: self.name.map(name).transpose()?,
        })
    }
}

fn currency(code: &str) -> Result<Currency, Problem> {
    let refused = |detail: String| {
        Problem::validation_failed().with_error("/currency", "currency_invalid", detail)
    };
    match Currency::from_code(code) {
        Ok(currency) if !currency.is_superseded() => Ok(currency),
        Ok(_) => Err(refused("has been replaced by another currency".to_owned())),
        Err(error) => Err(refused(error.to_string())),
    }
}

fn name(name: String) -> Result<String, Problem> {
    let length = name.chars().count();
    if is_readable(&name) && length <= NAME_CHARACTERS_MAX {
        return Ok(name);
    }
    Err(Problem::invalid(
        "/name",
        format!(
            "must have 1 to {NAME_CHARACTERS_MAX} characters, one of them visible, \
             and no control characters"
        ),
    ))
}

/// The parameters of `GET /{id}/balance`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceQuery {
    /// An RFC 3339 time in the past; none is now.
    #[serde(default)]
    at: Option<String>,
}

impl<E: Env> Service<E> {
    /// `POST /`: opens an account of the caller.
    ///
    /// # Errors
    /// 403 for an auditor; 409 `account_limit_reached`; 422.
    pub fn open(
        &self,
        identity: &Identity,
        request_id: RequestId,
        key: Option<&IdempotencyKey>,
        body: OpenBody,
    ) -> Result<StoredReply, Problem> {
        identity.require(ALL_BUT_AUDITORS)?;
        let keyed = KeyedRequest::new(key, identity.principal(), "POST /", &body)?;
        let request = body.into_request(identity.subject)?;
        let actor = Actor::new(identity, request_id);
        let transaction = match keyed.begin(&self.store)? {
            Begun::First(transaction) => transaction,
            Begun::Repeated(reply) => return Ok(reply),
        };
        let (clock, random) = (&self.clock, &self.random);
        match account::open_in(&transaction, clock, random, &self.rules, request, &actor) {
            Ok(account) => {
                let now_ms = account.created_at_ms;
                let reply = keyed.created(&transaction, now_ms, &AccountView::from(account))?;
                transaction.commit()?;
                Ok(reply)
            }
            Err(OpenError::LimitReached(max)) => {
                // The other accounts may not be on disk yet: the commit waits for the disk.
                transaction.commit()?;
                Err(limit_reached(max))
            }
            Err(OpenError::Store(error)) => Err(error.into()),
        }
    }

    /// `GET /user/{user_id}` and, for the caller, `GET /`: a user's accounts, newest first.
    ///
    /// # Errors
    /// 404 unless the caller is the user or staff.
    pub fn list_of(
        &self,
        identity: &Identity,
        owner_id: Uuid,
        page: &Page<u64>,
    ) -> Result<List<AccountView>, Problem> {
        if !identity.may_read(owner_id) {
            return Err(Problem::not_found());
        }
        let accounts = account::of_owner(&self.store, owner_id, page.before(), page.fetch())?;
        Ok(List::new(accounts, page, |account| account.key.unsigned_abs()).map(AccountView::from))
    }

    /// `GET /{id}`.
    ///
    /// # Errors
    /// 404.
    pub fn account(&self, identity: &Identity, id: Uuid) -> Result<AccountView, Problem> {
        self.readable(identity, id).map(AccountView::from)
    }

    /// `GET /{id}/balance`. For a past time: the balance of what was posted by then, to the
    /// millisecond; zero before the account was opened.
    ///
    /// # Errors
    /// 404; 422 `at_in_future`, `validation_failed`.
    pub fn balance(
        &self,
        identity: &Identity,
        id: Uuid,
        query: &BalanceQuery,
    ) -> Result<BalanceView, Problem> {
        let as_of_ms = self.clock.now_ms();
        let account = self.readable(identity, id)?;
        let Some(at) = query.at.as_deref() else {
            return Ok(BalanceView::new(&account, as_of_ms));
        };
        let at_ms = time_of(at)?;
        match account::balance_at(&self.store, &self.clock, &account, at_ms) {
            Ok(balance_minor) => Ok(BalanceView::past(&account, balance_minor, at_ms)),
            Err(PastError::NotPast) => Err(at_in_future()),
            Err(PastError::Store(error)) => Err(error.into()),
        }
    }

    /// `GET /{id}/entries`: newest first.
    ///
    /// # Errors
    /// 404.
    pub fn entries(
        &self,
        identity: &Identity,
        id: Uuid,
        page: &Page<u64>,
    ) -> Result<List<EntryView>, Problem> {
        let account = self.readable(identity, id)?;
        let entries = account::entries_of(&self.store, &account, page.before(), page.fetch())?;
        let list = List::new(entries, page, |entry| {
            entry.transfer_sequence.unsigned_abs()
        });
        Ok(list.map(|entry| EntryView::new(&account, entry)))
    }
}

fn limit_reached(max: u32) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "account_limit_reached",
        format!(
            "A user may have at most {max} open accounts, \
             and {EVER_FOR_EACH_OPEN} times as many with the closed ones."
        ),
    )
}

fn time_of(at: &str) -> Result<i64, Problem> {
    parse_rfc3339(at).ok_or_else(|| {
        Problem::invalid(
            "/at",
            "must be a time of RFC 3339, such as 2026-11-22T19:10:57.123Z \
             (in a URL, the + of an offset is written %2B)",
        )
    })
}

fn at_in_future() -> Problem {
    Problem::unprocessable(
        "at_in_future",
        "What the balance will be at that time is not known yet.",
    )
    .with_error("/at", "at_in_future", "must be in the past")
}
