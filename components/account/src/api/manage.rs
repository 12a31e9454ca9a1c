//! Freezing, unfreezing, and closing an account.

use crate::account::{self, Account, Freeze, ManageError};
use crate::service::{Env, Service};
use crate::view::AccountView;
use axum::http::StatusCode;
use serde::Deserialize;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::identity::{Identity, Teller, Writer};
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

/// The body of `POST /{id}/freeze`. Without one, all movements are stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FreezeRequest, examples(json!({"stops": "debits"})))]
pub struct FreezeBody {
    /// Which movements to stop.
    #[schema(inline)]
    stops: Option<Freeze>,
}

impl<E: Env> Service<E> {
    /// `POST /{id}/freeze`: stops debits, credits, or both, whatever was stopped before.
    pub fn freeze(
        &self,
        teller: &Teller,
        id: Uuid,
        body: FreezeBody,
    ) -> Result<AccountView, Problem> {
        self.foreign(teller, id)?;
        let actor = Actor::new(teller);
        let (store, clock) = (&self.store, &self.clock);
        let stops = body.stops.unwrap_or(Freeze::Both);
        view(account::freeze(store, clock, id, stops, &actor))
    }

    /// `POST /{id}/unfreeze`: allows movements again.
    pub fn unfreeze(&self, teller: &Teller, id: Uuid) -> Result<AccountView, Problem> {
        self.foreign(teller, id)?;
        let actor = Actor::new(teller);
        view(account::unfreeze(&self.store, &self.clock, id, &actor))
    }

    /// An account that is not the member of staff's own: on their own they have an owner's rights
    /// alone, and a colleague must act. An account never changes its owner: this still holds in the
    /// transaction.
    pub(super) fn foreign(&self, staff: &Identity, id: Uuid) -> Result<Account, Problem> {
        let account = self.readable(staff, id)?;
        if account.owner_id == staff.subject {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "own_account",
                "The account is your own: a colleague must do this.",
            ));
        }
        Ok(account)
    }

    /// `POST /{id}/close`: closes an account whose balance is zero. Owner, teller, admin.
    pub fn close(&self, writer: &Writer, id: Uuid) -> Result<AccountView, Problem> {
        self.readable(writer, id)?;
        let actor = Actor::new(writer);
        view(account::close(&self.store, &self.clock, id, &actor))
    }
}

pub(super) fn view(changed: Result<Account, ManageError>) -> Result<AccountView, Problem> {
    changed.map(AccountView::from).map_err(|error| {
        let detail = error.to_string();
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, &detail);
        match error {
            ManageError::NotFound => Problem::not_found(),
            ManageError::Closed => conflict("account_closed"),
            ManageError::Frozen => conflict("account_frozen"),
            ManageError::BalanceNotZero => conflict("balance_not_zero"),
            ManageError::LimitBelowUse => conflict("overdraft_in_use"),
            ManageError::Metadata(_) => Problem::invalid("/metadata", detail),
            ManageError::Store(error) => error.into(),
        }
    })
}
