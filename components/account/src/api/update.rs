//! Changing an account's name, metadata, and overdraft limit.

use super::manage::view;
use super::open::name;
use crate::account::{self, Account, AccountUpdate};
use crate::service::{Env, Service};
use crate::view::AccountView;
use serde::Deserialize;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::identity::{Identity, Teller, Writer};
use strongroom_sdk::json::{Unread, given};
use strongroom_sdk::metadata::MetadataChange;
use strongroom_sdk::money::Money;
use strongroom_sdk::openapi::Amount;
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

/// The body of `PATCH /{id}`. A missing member changes nothing, and null removes what is there.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountChange, examples(json!({"overdraft_limit": "500.00"})))]
pub struct UpdateBody {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    name: Option<Option<String>>,
    /// The keys to set, and with null those to remove; null removes all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MetadataChange>)]
    metadata: Option<Option<MetadataChange>>,
    /// A decimal string of the account's currency, zero or more; null for no limit.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Amount>)]
    overdraft_limit: Option<Option<Unread>>,
}

impl UpdateBody {
    /// An account never changes its currency or type: what is checked here still holds in the
    /// transaction.
    fn into_update(self, account: &Account) -> Result<AccountUpdate, Problem> {
        let name = self.name.map(|text| text.map(name).transpose());
        let limit = self.overdraft_limit.map(|wanted| limit(account, wanted));
        Ok(AccountUpdate {
            name: name.transpose()?,
            metadata: self.metadata,
            overdraft_limit: limit.transpose()?,
        })
    }
}

/// The field may hold any JSON: a number is as wrong an amount as `"12,34"`.
fn limit(account: &Account, limit: Option<Unread>) -> Result<Option<i64>, Problem> {
    let Some(limit) = limit else {
        return match account.account_type.is_of_bank() {
            true => Ok(None),
            false => Err(Problem::invalid(
                "/overdraft_limit",
                "must be an amount: only an internal account may have no limit",
            )),
        };
    };
    let invalid = |detail: String| {
        Problem::unprocessable(
            "amount_invalid",
            "The overdraft limit is not an amount of the account's currency.",
        )
        .with_error("/overdraft_limit", "amount_invalid", detail)
    };
    let text: String = limit
        .read()
        .map_err(|_| invalid("must be a string with a plain decimal number".to_owned()))?;
    let limit = Money::parse_non_negative(&text, account.currency);
    Ok(Some(
        limit.map_err(|error| invalid(error.to_string()))?.minor(),
    ))
}

impl<E: Env> Service<E> {
    /// `PATCH /{id}`: changes the name and the metadata, for all who may read the account but
    /// auditors, and the overdraft limit, for a teller or an administrator.
    pub fn update(
        &self,
        writer: &Writer,
        id: Uuid,
        body: UpdateBody,
    ) -> Result<AccountView, Problem> {
        let account = match &body.overdraft_limit {
            Some(_) => {
                let teller = Teller::try_from(Identity::clone(writer))?;
                self.foreign(&teller, id)?
            }
            None => self.readable(writer, id)?,
        };
        let update = body.into_update(&account)?;
        let actor = Actor::new(writer);
        view(account::update(
            &self.store,
            &self.clock,
            id,
            update,
            &actor,
        ))
    }
}
