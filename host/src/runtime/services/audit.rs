//! `strongroom:service/audit`: a service checks the invariants of its own data.

use super::generation::Generation;
use crate::registry::ServiceSpec;
use crate::runtime::limits::call_times::CallTimes;
use std::time::Duration;
use wasmtime::component::{ComponentType, Lift};

/// The interface, as components export it.
pub const AUDIT: &str = "strongroom:service/audit@0.1.0";
/// Its one function.
pub const AUDIT_FUNCTION: &str = "check-invariants";
/// How long an audit may take: it reads everything.
const AUDIT_TIME_MAX: Duration = Duration::from_secs(3600);

/// What an audit found.
#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub struct AuditReport {
    /// Every invariant.
    pub checks: Vec<AuditCheck>,
    /// Figures for the auditor.
    pub totals: Vec<AuditTotal>,
}

impl AuditReport {
    /// A report of one check.
    pub fn of(check: AuditCheck) -> Self {
        Self {
            checks: vec![check],
            totals: Vec::new(),
        }
    }
}

/// One invariant.
#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub struct AuditCheck {
    /// What holds, in a sentence.
    pub name: String,
    /// How many rows were looked at.
    pub examined: u64,
    /// The first broken rows.
    pub violations: Vec<String>,
}

/// A figure.
#[derive(Debug, Clone, ComponentType, Lift)]
#[component(record)]
pub struct AuditTotal {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: String,
}

/// A service in an audit, as the auditor or as a callee. It has as much time for a part as for the
/// whole, and sends no requests outside. Its memory has the usual limit, as an audit needs no more
/// for a large store than for a small one.
pub fn as_auditor(spec: &ServiceSpec) -> ServiceSpec {
    let mut auditor = spec.clone();
    auditor.outbound.clear();
    auditor.limits.timeout = AUDIT_TIME_MAX;
    auditor.limits.cpu = AUDIT_TIME_MAX;
    auditor.limits.read = AUDIT_TIME_MAX;
    auditor
}

/// Lets a service check its data; none if it has no such check.
///
/// # Errors
/// The component's own words, or why it could not say any.
pub async fn audit(generation: &Generation) -> Option<Result<AuditReport, String>> {
    let check = generation.exports.find(AUDIT, AUDIT_FUNCTION)?;
    let report = generation
        .pool
        .call_typed(check, (), CallTimes::all(AUDIT_TIME_MAX))
        .await;
    Some(report.unwrap_or_else(|failure| Err(failure.cause)))
}
