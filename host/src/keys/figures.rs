//! The figures of tokens and API keys.

use super::durable_view::View as _;
use super::{Identity, Keys, TokenError};
use crate::metrics::{Figures, Page};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How many credentials were accepted and refused.
#[derive(Debug, Default)]
pub(super) struct Verified {
    accepted: AtomicU64,
    refused: AtomicU64,
}

impl Verified {
    /// Counts what became of a credential.
    pub(super) fn count(&self, outcome: &Result<Identity, TokenError>) {
        let count = match outcome {
            Ok(_) => &self.accepted,
            Err(_) => &self.refused,
        };
        count.fetch_add(1, Relaxed);
    }
}

impl Figures for Keys {
    fn write_to(&self, page: &mut Page) {
        for (kind, verified) in [
            ("access_token", &self.tokens_verified),
            ("api_key", &self.keys_verified),
        ] {
            for (outcome, count) in [
                ("accepted", &verified.accepted),
                ("refused", &verified.refused),
            ] {
                page.counter(
                    "strongroom_credentials_verified_total",
                    "Access tokens and API keys of requests, by what became of them; those of a request \
                     that waits are looked at twice.",
                    &[("kind", kind), ("outcome", outcome)],
                    count.load(Relaxed),
                );
            }
        }
        page.number(
            "strongroom_revocations",
            "Sessions and users whose access tokens are refused before they expire.",
            &[],
            self.revocations.view().len(),
        );
        page.number(
            "strongroom_api_keys",
            "API keys that the gateway accepts.",
            &[],
            self.api_keys.count(),
        );
    }
}
