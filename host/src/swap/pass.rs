//! One pass over the registry, with all that its steps work with.

use super::announcer::Announcer;
use super::files::Files;
use super::history::{History, Record};
use super::refusals::Refusals;
use super::report::Report;
use super::trigger::Trigger;
use crate::registry::Registry;
use crate::runtime::{Loader, Services};
use std::sync::Arc;

/// One pass over the registry.
pub(super) struct Pass<'a> {
    pub(super) registry: &'a Registry,
    pub(super) trigger: Trigger,
    pub(super) services: &'a Arc<Services>,
    pub(super) loader: &'a Arc<Loader>,
    pub(super) files: &'a Files,
    pub(super) refusals: &'a Refusals,
    pub(super) history: &'a History,
    pub(super) announcer: &'a Announcer,
    pub(super) report: Report,
}

impl Pass<'_> {
    /// The record of a change that begins now.
    pub(super) fn record(&self, service: &str, changed: Vec<String>) -> Record {
        Record::new(service, self.trigger.name(), changed)
    }

    /// Logs a change, and adds it to the history and the report.
    pub(super) fn add(&mut self, record: Record) {
        self.report.changes.push(self.history.add(record));
    }
}
