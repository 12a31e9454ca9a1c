//! Reading accounts.

use crate::account::{self, AccountCode, AccountFilter, AccountStatus, AccountType};
use crate::api::open::{TypeWord, known_currency};
use crate::service::{Env, Service};
use crate::view::{AccountView, BalanceView, EntryView};
use serde::Deserialize;
use strongroom_sdk::clock::{Clock, parse_rfc3339};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::openapi::{CurrencyCode, Timestamp};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::text;
use utoipa::IntoParams;
use uuid::Uuid;

/// The filters of `GET /`.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountsQuery {
    /// An IBAN, in either case, with or without spaces.
    number: Option<String>,
    /// Who owns the account.
    owner_id: Option<Uuid>,
    #[param(inline)]
    status: Option<AccountStatus>,
    #[param(value_type = Option<CurrencyCode>)]
    currency: Option<String>,
    #[param(inline)]
    r#type: Option<TypeWord>,
    /// Of an internal account.
    #[param(value_type = Option<AccountCode>)]
    code: Option<String>,
}

impl AccountsQuery {
    fn filter(&self) -> Result<AccountFilter, Problem> {
        let code = self.code.as_deref().map(super::open::code).transpose()?;
        let currency = self.currency.as_deref().map(known_currency).transpose()?;
        let number = self.number.as_deref().map(text::ungrouped);
        Ok(AccountFilter {
            number: number.map(|number| number.to_ascii_uppercase()),
            owner_id: self.owner_id,
            status: self.status,
            currency,
            account_type: self.r#type.map(|word| match word {
                TypeWord::Checking => AccountType::Checking,
                TypeWord::Savings => AccountType::Savings,
                TypeWord::Internal => AccountType::Internal,
            }),
            code,
        })
    }
}

/// The parameters of `GET /{id}/balance`.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BalanceQuery {
    /// An RFC 3339 time in the past; none is now.
    #[param(value_type = Option<Timestamp>)]
    at: Option<String>,
}

impl<E: Env> Service<E> {
    /// `GET /`: the accounts that pass the filters, newest first: the caller's own, or of all
    /// owners where the caller reads all.
    pub fn list(
        &self,
        identity: &Identity,
        page: &Page<i64, AccountsQuery>,
    ) -> Result<List<AccountView>, Problem> {
        let mut filter = page.filter.filter()?;
        if !identity.reads_all() {
            let owner_id = filter.owner_id.replace(identity.subject);
            if owner_id.is_some_and(|owner_id| owner_id != identity.subject) {
                return Ok(List::new(Vec::new(), page, |_| 0));
            }
        }
        let accounts = account::list(&self.store, &filter, page)?;
        Ok(accounts.map(AccountView::from))
    }

    /// `GET /user/{user_id}`: a user's accounts, newest first.
    ///
    /// # Errors
    /// 404 unless the caller is the user or reads all.
    pub fn list_of(
        &self,
        identity: &Identity,
        owner_id: Uuid,
        page: &Page<i64>,
    ) -> Result<List<AccountView>, Problem> {
        if !identity.may_read(owner_id) {
            return Err(Problem::not_found());
        }
        let filter = AccountFilter::of_owner(owner_id);
        let accounts = account::list(&self.store, &filter, page)?;
        Ok(accounts.map(AccountView::from))
    }

    /// `GET /{id}`.
    pub fn account(&self, identity: &Identity, id: Uuid) -> Result<AccountView, Problem> {
        self.readable(identity, id).map(AccountView::from)
    }

    /// `GET /{id}/balance`. For a past time: the balance of what was posted by then, to the
    /// millisecond; zero before the account was opened.
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
        let balance_minor = account::balance_at(&self.store, &self.clock, &account, at_ms)?
            .ok_or_else(at_in_future)?;
        Ok(BalanceView::past(&account, balance_minor, at_ms))
    }

    /// `GET /{id}/entries`: newest first.
    pub fn entries(
        &self,
        identity: &Identity,
        id: Uuid,
        page: &Page<i64>,
    ) -> Result<List<EntryView>, Problem> {
        let account = self.readable(identity, id)?;
        let entries = account::entries_of(&self.store, &account, &page.window())?;
        let list = List::new(entries, page, |entry| entry.transfer_sequence);
        Ok(list.map(|entry| EntryView::new(&account, entry)))
    }
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
