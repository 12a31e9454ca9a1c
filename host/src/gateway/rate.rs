//! How many requests one client may send: a token bucket for each client and policy (GCRA).

use crate::client::Client;
use crate::registry::Rate;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Above so many clients those whose buckets are full again are forgotten.
const CLIENTS_MAX: usize = 100_000;

pub(super) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(super) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Without a rate of the registry's, what one address may ask of a service's public routes, where
/// others of its routes are not public: nobody logs in a hundred times a second.
pub(super) const PUBLIC: Policy<'_> = Policy {
    name: "public",
    rate: Rate {
        count: NonZeroU32::new(1_000).unwrap(),
        period: Duration::from_secs(10),
    },
};
/// How often one address may come with a token that is not accepted; then it is told 429.
pub(super) const AUTHENTICATION: Policy<'_> = Policy {
    name: "authentication",
    ..PUBLIC
};

/// A limit, and its name for the client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy<'a> {
    pub(super) name: &'a str,
    pub(super) rate: Rate,
}

/// What is left of a client's bucket.
#[derive(Debug)]
pub(super) struct Standing {
    policy: String,
    rate: Rate,
    remaining: u32,
    /// When there is more.
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

/// The buckets of one policy of a service, and the limit that they are for.
struct Buckets {
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

    /// At most once a second, since a scan looks at every client.
    fn may_scan(&self) -> bool {
        let second = self.started.elapsed().as_secs();
        self.scanned_at_second.swap(second, Relaxed) != second
    }

    /// Counts a client's request under a service's policy. An error is for a client who must wait.
    pub(super) fn admit(
        &self,
        service: &str,
        policy: Policy<'_>,
        client: Client,
    ) -> Result<Standing, Standing> {
        let buckets = self.buckets(service, policy);
        let limiter = &buckets.limiter;
        if limiter.len() > CLIENTS_MAX && self.may_scan() {
            limiter.retain_recent();
        }
        let standing = |remaining, wait| Standing {
            policy: policy.name.to_owned(),
            rate: policy.rate,
            remaining,
            wait,
        };
        match limiter.check_key(&client) {
            Ok(state) => Ok(standing(
                state.remaining_burst_capacity(),
                policy.rate.period / policy.rate.count.get(),
            )),
            Err(refused) => Err(standing(0, refused.wait_time_from(self.clock.now()))),
        }
    }

    fn buckets(&self, service: &str, policy: Policy<'_>) -> Arc<Buckets> {
        let by_service = self
            .by_service
            .read()
            .unwrap_or_else(PoisonError::into_inner);
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
            rate: policy.rate,
            limiter: limiter(policy.rate),
        });
        self.by_service
            .write()
            .unwrap_or_else(PoisonError::into_inner)
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

impl Standing {
    /// When the client may come again, in seconds: at least 1, as the header has no fractions.
    pub(super) fn retry_after(&self) -> u64 {
        self.wait.as_secs().saturating_add(1)
    }

    /// Tells the client (draft-ietf-httpapi-ratelimit-headers-11).
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let Self {
            policy,
            rate,
            remaining,
            ..
        } = self;
        let (quota, window) = (rate.count, rate.period.as_secs());
        let reset = self.retry_after();
        for (name, value) in [
            (
                RATE_LIMIT_POLICY,
                format!(r#""{policy}";q={quota};w={window}"#),
            ),
            (RATE_LIMIT, format!(r#""{policy}";r={remaining};t={reset}"#)),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_minute(count: u32) -> Policy<'static> {
        Policy {
            name: "a",
            rate: Rate {
                count: NonZeroU32::new(count).unwrap(),
                period: Duration::from_secs(60),
            },
        }
    }

    #[test]
    fn a_client_is_refused_when_its_bucket_is_empty_and_told_when_to_return() {
        let limits = RateLimits::new();
        let [ann, bob] = ["ann", "bob"].map(Client::of_subject);
        for left in [2, 1, 0] {
            let standing = limits.admit("a", a_minute(3), ann).unwrap();
            assert_eq!(standing.remaining, left);
        }
        let refused = limits.admit("a", a_minute(3), ann).unwrap_err();
        assert!(refused.wait <= Duration::from_secs(20), "{refused:?}");
        limits.admit("a", a_minute(3), bob).unwrap();
        limits.admit("b", a_minute(3), ann).unwrap();
        let mut headers = HeaderMap::new();
        refused.tell(&mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], r#""a";q=3;w=60"#);
        let limit = headers[RATE_LIMIT].to_str().unwrap();
        assert!(limit.starts_with(r#""a";r=0;t="#), "{limit}");
    }

    #[test]
    fn a_new_limit_begins_anew_and_the_same_one_goes_on() {
        let limits = RateLimits::new();
        let ann = Client::of_subject("ann");
        limits.admit("a", a_minute(1), ann).unwrap();
        limits.admit("a", a_minute(1), ann).unwrap_err();
        limits.admit("a", a_minute(2), ann).unwrap();
    }
}
