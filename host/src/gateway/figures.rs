//! The figures of the gateway that belong to no service.

use super::tls::Tls;
use crate::metrics::{Figures, Page};
use crate::runtime::ResponseFigures;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the gateway has done itself.
#[derive(Debug, Default)]
pub(super) struct GatewayFigures {
    /// The responses where the path names no service.
    pub(super) own_responses: ResponseFigures,
    /// The problem documents of the gateway, by their codes. A lock costs a failure little.
    problems: Mutex<BTreeMap<&'static str, u64>>,
}

impl GatewayFigures {
    /// Counts a problem document.
    pub(super) fn count_problem(&self, code: &'static str) {
        *self.problems.lock().entry(code).or_default() += 1;
    }
}

impl Figures for GatewayFigures {
    fn write_to(&self, page: &mut Page) {
        self.own_responses.write_to(page, "");
        for (code, count) in &*self.problems.lock() {
            page.counter(
                "strongroom_gateway_problems_total",
                "Requests that the gateway refused or could not serve, by the code of the problem.",
                &[("code", code)],
                *count,
            );
        }
    }
}

/// The certificate of a listener, if it speaks TLS.
pub(super) struct CertificateFigures(pub(super) Option<Arc<Tls>>);

impl Figures for CertificateFigures {
    fn write_to(&self, page: &mut Page) {
        page.gauge(
            "strongroom_tls_certificate_refused",
            "1 while the files of the TLS certificate have changed and cannot be used.",
            &[],
            self.0.as_ref().is_some_and(|tls| tls.is_refused()).into(),
        );
        page.gauge(
            "strongroom_tls_certificate_expiry_timestamp_seconds",
            "The time until which clients accept the TLS certificate; 0 without TLS.",
            &[],
            self.0.as_ref().map_or(0, |tls| tls.valid_until_seconds()),
        );
    }
}
