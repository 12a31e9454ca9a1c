//! The calls that read and end standing orders, and read what staff did to them.

use crate::schedule::{self, ScheduleView};
use crate::service::{Env, Service};
use serde::Deserialize;
use strongroom_sdk::audit_log::{self, Actor, EventView};
use strongroom_sdk::identity::{Auditor, Identity, Teller};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use utoipa::IntoParams;
use uuid::Uuid;

/// The parameters of `GET /schedules/events`.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// The order whose events are returned; none for all.
    pub schedule_id: Option<Uuid>,
}

impl<E: Env> Service<E> {
    /// `GET /schedules`: the caller's own, newest first.
    pub fn list_schedules(
        &self,
        identity: &Identity,
        page: &Page<i64>,
    ) -> Result<List<ScheduleView>, Problem> {
        let found = schedule::list(&self.store, identity.subject, &page.window())?;
        let list = List::new(found, page, |overview| {
            overview.schedule.sequence.cast_signed()
        });
        Ok(list.map(ScheduleView::from))
    }

    /// `GET /schedules/{id}`: its owner, and staff.
    pub fn get_schedule(&self, identity: &Identity, id: Uuid) -> Result<ScheduleView, Problem> {
        schedule::read(&self.store, id)?
            .filter(|overview| identity.may_read(overview.schedule.owner))
            .map(ScheduleView::from)
            .ok_or_else(Problem::not_found)
    }

    /// `DELETE /schedules/{id}`: its owner, tellers, and administrators. The order stays readable,
    /// as `cancelled`.
    pub fn cancel_schedule(&self, identity: &Identity, id: Uuid) -> Result<(), Problem> {
        let found = schedule::read(&self.store, id)?.map(|overview| overview.schedule.owner);
        let by = match found {
            Some(owner) if owner == identity.subject => Actor::new(identity),
            Some(_) if identity.is_staff() => {
                let teller = Teller::try_from(identity.clone())?;
                Actor::new(&teller)
            }
            _ => return Err(Problem::not_found()),
        };
        schedule::cancel(self, id, by)
    }

    /// `GET /schedules/events`: the audit log of standing orders, newest first. Auditors and
    /// administrators.
    pub fn schedule_events(
        &self,
        _: &Auditor,
        page: &Page<i64, EventFilter>,
    ) -> Result<List<EventView>, Problem> {
        let list = audit_log::page(&self.store, page, page.filter.schedule_id)?;
        Ok(list.map(|event| event.view("schedule_id")))
    }
}
