//! How many requests one client may send to a service: a token bucket for each address (GCRA).
//!
//! The address is that of the connection: what a client writes into a header could be another one each time.

use crate::registry::{Rate, Registry};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Above so many addresses those whose buckets are full again are forgotten.
const ADDRESSES_MAX: usize = 100_000;
/// The bits of an IPv6 address that one customer of a provider has.
const IPV6_CUSTOMER_MASK: u128 = !0 << 64;

/// The buckets of every service that has a limit.
pub(super) struct RateLimits {
    by_service: HashMap<String, DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
    started: Instant,
    scanned_at_second: AtomicU64,
}

impl RateLimits {
    pub(super) fn of(registry: &Registry) -> Self {
        let limited = registry
            .services
            .iter()
            .filter_map(|service| Some((service.name.clone(), service.limits.rate?)));
        Self {
            by_service: limited.map(|(name, rate)| (name, limiter(rate))).collect(),
            clock: DefaultClock::default(),
            started: Instant::now(),
            scanned_at_second: AtomicU64::new(0),
        }
    }

    /// At most once a second, since a scan looks at every address.
    fn may_scan(&self) -> bool {
        let second = self.started.elapsed().as_secs();
        self.scanned_at_second.swap(second, Relaxed) != second
    }

    /// Counts a request; an error says how long the client must wait.
    pub(super) fn admit(&self, service: &str, peer: IpAddr) -> Result<(), Duration> {
        let Some(limiter) = self.by_service.get(service) else {
            return Ok(());
        };
        if limiter.len() > ADDRESSES_MAX && self.may_scan() {
            limiter.retain_recent();
        }
        limiter
            .check_key(&customer(peer))
            .map_err(|refused| refused.wait_time_from(self.clock.now()))
    }
}

fn limiter(rate: Rate) -> DefaultKeyedRateLimiter<IpAddr> {
    let interval = rate.period / rate.count.get();
    // An interval of zero would be a billion requests a second: no limit at all.
    let quota = Quota::with_period(interval).unwrap_or_else(|| Quota::per_second(rate.count));
    DefaultKeyedRateLimiter::keyed(quota.allow_burst(rate.count))
}

fn customer(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.into(),
            None => Ipv6Addr::from(u128::from(address) & IPV6_CUSTOMER_MASK).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn limits(rate: &str) -> RateLimits {
        let text = format!(
            "[services.a]\ncomponent = \"a\"\nlimits = {{ rate = \"{rate}\" }}\n[services.b]\ncomponent = \"b\"\n"
        );
        RateLimits::of(&Registry::parse(Path::new("r.toml"), &text).0)
    }

    #[test]
    fn a_client_is_refused_when_its_bucket_is_empty_and_told_when_to_return() {
        let limits = limits("3/m");
        let peer = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..3 {
            limits.admit("a", peer).unwrap();
        }
        let wait = limits.admit("a", peer).unwrap_err();
        assert!(wait <= Duration::from_secs(20), "{wait:?}");
        limits.admit("a", IpAddr::from([127, 0, 0, 2])).unwrap();
        limits.admit("b", peer).unwrap();
    }

    #[test]
    fn one_customer_of_ipv6_has_one_bucket() {
        let limits = limits("1/m");
        limits.admit("a", "2001:db8::1".parse().unwrap()).unwrap();
        limits
            .admit("a", "2001:db8::2".parse().unwrap())
            .unwrap_err();
        limits
            .admit("a", "2001:db8:0:1::1".parse().unwrap())
            .unwrap();
    }
}
