//! Opening accounts: one's own, one for a customer, or an internal one.

use super::for_bank;
use crate::account::{self, AccountCode, AccountType, NAME_CHARACTERS_MAX, OpenError, OpenRequest};
use crate::service::{Env, Service};
use crate::view::AccountView;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::idempotency::{Begun, IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::{Identity, Role, Writer};
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::money::Currency;
use strongroom_sdk::openapi::CurrencyCode;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Transaction;
use strongroom_sdk::text::is_readable;
use utoipa::ToSchema;
use uuid::Uuid;

/// The words of `type`, in a query and in a body.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TypeWord {
    Checking,
    Savings,
    Internal,
}

/// The body of `POST /`.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAccount, examples(json!({
    "type": "checking", "currency": "EUR", "name": "Household"
})))]
pub struct OpenBody {
    #[schema(inline)]
    r#type: TypeWord,
    #[schema(value_type = CurrencyCode)]
    currency: String,
    /// The caller, unless staff or an API key says another owner.
    owner_id: Option<Uuid>,
    /// An internal account has one, and no other account.
    #[schema(value_type = Option<AccountCode>)]
    code: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    metadata: Option<Metadata>,
}

impl OpenBody {
    fn into_request(self, identity: &Identity) -> Result<OpenRequest, Problem> {
        let mut request = match self.r#type {
            TypeWord::Internal => {
                let code = self.code_of_internal(identity)?;
                OpenRequest::internal(code, currency(&self.currency)?)
            }
            TypeWord::Checking => self.of_customer(identity, AccountType::Checking)?,
            TypeWord::Savings => self.of_customer(identity, AccountType::Savings)?,
        };
        request.name = self.name.map(name).transpose()?;
        request.metadata = self.metadata.unwrap_or_default();
        Ok(request)
    }

    fn of_customer(&self, identity: &Identity, kind: AccountType) -> Result<OpenRequest, Problem> {
        let owner_id = self.owner(identity)?;
        if self.code.is_some() {
            let detail = "must be left out: only an internal account has a code";
            return Err(Problem::invalid("/code", detail));
        }
        let currency = currency(&self.currency)?;
        Ok(OpenRequest::of_customer(owner_id, kind, currency))
    }

    fn owner(&self, identity: &Identity) -> Result<Uuid, Problem> {
        match self.owner_id {
            Some(id) if id.is_nil() => Err(Problem::invalid("/owner_id", "must not be all zeros")),
            Some(id) if id != identity.subject => {
                for_bank(identity, "/owner_id")?;
                Ok(id)
            }
            None if identity.role == Role::Service => {
                Err(missing("/owner_id", "is missing: say who owns the account"))
            }
            Some(_) | None => Ok(identity.subject),
        }
    }

    fn code_of_internal(&self, identity: &Identity) -> Result<AccountCode, Problem> {
        for_bank(identity, "/type")?;
        if self.owner_id.is_some() {
            let detail = "must be left out: an internal account belongs to the bank";
            return Err(Problem::invalid("/owner_id", detail));
        }
        match &self.code {
            Some(text) => code(text),
            None => Err(missing(
                "/code",
                "is missing: an internal account needs one",
            )),
        }
    }
}

fn missing(pointer: &str, detail: &str) -> Problem {
    Problem::validation_failed().with_error(pointer, "missing", detail)
}

/// A currency of new accounts.
fn currency(code: &str) -> Result<Currency, Problem> {
    let currency = known_currency(code)?;
    if currency.is_superseded() {
        return Err(currency_invalid("has been replaced by another currency"));
    }
    Ok(currency)
}

/// A currency that an account may have.
pub(super) fn known_currency(code: &str) -> Result<Currency, Problem> {
    Currency::from_code(code).map_err(|error| currency_invalid(error.to_string()))
}

fn currency_invalid(detail: impl Into<String>) -> Problem {
    Problem::validation_failed().with_error("/currency", "currency_invalid", detail)
}

pub(super) fn code(text: &str) -> Result<AccountCode, Problem> {
    text.parse()
        .map_err(|error: account::AccountCodeError| Problem::invalid("/code", error.to_string()))
}

pub(super) fn name(name: String) -> Result<String, Problem> {
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

impl<E: Env> Service<E> {
    /// `POST /`: opens an account of the caller; for a teller, an administrator, or a client also
    /// one of any other owner, or an internal one.
    pub fn open(
        &self,
        writer: &Writer,
        key: Option<&IdempotencyKey>,
        body: OpenBody,
    ) -> Result<StoredReply, Problem> {
        let keyed = KeyedRequest::new(key, writer.principal(), "POST /", &body)?;
        let request = body.into_request(writer)?;
        let actor = Actor::new(writer);
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
            Err(OpenError::Store(error)) => Err(error.into()),
            Err(refused) => {
                // The other accounts may not be on disk yet: the commit waits for the disk.
                transaction.commit()?;
                Err(problem_of(refused))
            }
        }
    }
}

fn problem_of(refused: OpenError) -> Problem {
    let detail = refused.to_string();
    match refused {
        OpenError::LimitReached(_) => {
            Problem::new(StatusCode::CONFLICT, "account_limit_reached", detail)
        }
        OpenError::CodeTaken => Problem::new(StatusCode::CONFLICT, "code_taken", detail)
            .with_error("/code", "code_taken", "choose another one"),
        OpenError::Store(error) => error.into(),
    }
}
