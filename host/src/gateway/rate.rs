//! How many requests one client may send: a token bucket for each client and policy (GCRA).

use crate::client::Client;
use crate::registry::Rate;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// With more clients than this, those whose buckets are full again are forgotten.
const CLIENTS_MAX: usize = 100_000;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How often one address may call public routes that have no rate in the registry, if their service
/// has other routes too: no client logs in a hundred times a second.
pub(super) const PUBLIC: RatePolicy<'_> = RatePolicy {
    name: "public",
    rate: Rate {
        count: NonZeroU32::new(1_000).unwrap(),
        period: Duration::from_secs(10),
    },
};
/// How often one address may send a token that is not accepted, before it gets 429.
pub(super) const AUTHENTICATION: RatePolicy<'_> = RatePolicy {
    name: "authentication",
    ..PUBLIC
};

/// A limit, and the name by which the client knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RatePolicy<'a> {
    pub(super) name: &'a str,
    pub(super) rate: Rate,
}

/// What is left of a client's bucket.
#[derive(Debug)]
pub(super) struct RateStatus {
    buckets: Arc<Buckets>,
    remaining: u32,
    /// How long until there is more.
    wait: Duration,
}

type Limiter =
    RateLimiter<Client, DashMapStateStore<Client>, DefaultClock, StateInformationMiddleware>;
type Policies = HashMap<String, Arc<Buckets>>;

/// The buckets of every service that has, or had, a limit. They outlive a swap that leaves the
/// limit as it is.
pub(super) struct RateLimits {
    by_service: RwLock<HashMap<String, Policies>>,
    clock: DefaultClock,
    started: Instant,
    scanned_at_second: AtomicU64,
}

/// The buckets of one policy of a service.
#[derive(Debug)]
struct Buckets {
    policy: String,
    rate: Rate,
    limiter: Limiter,
}

impl RateLimits {
    pub(super) fn new() -> Self {
        Self {
            by_service: RwLock::default(),
            clock: DefaultClock::default(),
            started: Instant::now(),
            scanned_at_second: AtomicU64::new(0),
        }
    }

    /// Allows one scan a second, since a scan looks at every client.
    fn may_scan(&self) -> bool {
        let second = self.started.elapsed().as_secs();
        self.scanned_at_second.swap(second, Relaxed) != second
    }

    /// Counts a client's request under a policy of a service.
    ///
    /// # Errors
    /// The client must wait.
    pub(super) fn count(
        &self,
        service: &str,
        policy: RatePolicy<'_>,
        client: Client,
    ) -> Result<RateStatus, RateStatus> {
        let buckets = self.buckets(service, policy);
        let limiter = &buckets.limiter;
        if limiter.len() > CLIENTS_MAX && self.may_scan() {
            limiter.retain_recent();
        }
        match limiter.check_key(&client) {
            Ok(state) => Ok(RateStatus {
                remaining: state.remaining_burst_capacity(),
                wait: policy.rate.period / policy.rate.count.get(),
                buckets,
            }),
            Err(refused) => Err(RateStatus {
                remaining: 0,
                wait: refused.wait_time_from(self.clock.now()),
                buckets,
            }),
        }
    }

    fn buckets(&self, service: &str, policy: RatePolicy<'_>) -> Arc<Buckets> {
        let by_service = self.by_service.read();
        let known = by_service
            .get(service)
            .and_then(|policies| policies.get(policy.name));
        if let Some(buckets) = known
            && buckets.rate == policy.rate
        {
            return Arc::clone(buckets);
        }
        drop(by_service);
        let buckets = Arc::new(Buckets {
            policy: policy.name.to_owned(),
            rate: policy.rate,
            limiter: limiter(policy.rate),
        });
        self.by_service
            .write()
            .entry(service.to_owned())
            .or_default()
            .insert(policy.name.to_owned(), Arc::clone(&buckets));
        buckets
    }
}

fn limiter(rate: Rate) -> Limiter {
    let interval = rate.period / rate.count.get();
    // An interval of zero would be a billion requests a second: no limit at all.
    let quota = Quota::with_period(interval).unwrap_or_else(|| Quota::per_second(rate.count));
    RateLimiter::keyed(quota.allow_burst(rate.count)).with_middleware()
}

impl RateStatus {
    /// When the client may retry, in seconds: at least 1, as the header has no fractions.
    pub(super) fn retry_after(&self) -> u64 {
        self.wait.as_secs().saturating_add(1)
    }

    /// Adds the headers of draft-ietf-httpapi-ratelimit-headers-11.
    pub(super) fn write_to(&self, headers: &mut HeaderMap) {
        let Buckets { policy, rate, .. } = &*self.buckets;
        let (quota, window) = (rate.count, rate.period.as_secs());
        let (remaining, reset) = (self.remaining, self.retry_after());
        for (name, value) in [
            (
                RATE_LIMIT_POLICY,
                format!(r#""{policy}";q={quota};w={window}"#),
            ),
            (RATE_LIMIT, format!(r#""{policy}";r={remaining};t={reset}"#)),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_minute(count: u32) -> RatePolicy<'static> {
        RatePolicy {
            name: "a",
            rate: Rate {
                count: NonZeroU32::new(count).unwrap(),
                period: Duration::from_secs(60),
            },
        }
    }

    #[test]
    fn a_client_with_an_empty_bucket_learns_when_to_retry_and_has_a_full_one_of_a_new_limit() {
        let limits = RateLimits::new();
        let [ann, bob] = ["ann", "bob"].map(Client::of_subject);
        for left in [2, 1, 0] {
            assert_eq!(limits.count("a", a_minute(3), ann).unwrap().remaining, left);
        }
        let refused = limits.count("a", a_minute(3), ann).unwrap_err();
        assert!(refused.wait <= Duration::from_secs(20), "{refused:?}");
        limits.count("a", a_minute(3), bob).unwrap();
        limits.count("b", a_minute(3), ann).unwrap();
        let mut headers = HeaderMap::new();
        refused.write_to(&mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], r#""a";q=3;w=60"#);
        let limit = headers[RATE_LIMIT].to_str().unwrap();
        assert!(limit.starts_with(r#""a";r=0;t="#), "{limit}");
        limits.count("a", a_minute(3), ann).unwrap_err();
        limits.count("a", a_minute(2), ann).unwrap();
    }
}
