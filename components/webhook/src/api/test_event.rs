//! The call that sends a test event.

use super::find::find_active;
use super::view::TestView;
use crate::service::{Env, Service};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::identity::Admin;
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

impl<E: Env> Service<E> {
    /// `POST /{id}/test`: administrators. The response says what the receiver returned.
    ///
    /// # Errors
    /// 404; 409 `webhook_ended`.
    pub fn test(
        &self,
        admin: &Admin,
        request_id: RequestId,
        id: Uuid,
    ) -> Result<TestView, Problem> {
        let webhook = find_active(&self.store, id)?;
        let event = self.send_test(&webhook, Actor::new(admin, request_id))?;
        Ok(event.into())
    }
}
