//! How many requests one client may send to a service: a token bucket for each address (GCRA).
//!
//! The address is that of the connection: what a client writes into a header could be another one each time.

use crate::registry::Rate;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Above so many addresses those whose buckets are full again are forgotten.
const ADDRESSES_MAX: usize = 100_000;
/// The bits of an IPv6 address that one customer of a provider has.
const IPV6_CUSTOMER_MASK: u128 = !0 << 64;

/// The buckets of every service that has, or had, a limit. They outlive a swap that leaves the limit as it is.
pub(super) struct RateLimits {
    by_service: RwLock<HashMap<String, Arc<Buckets>>>,
    clock: DefaultClock,
    started: Instant,
    scanned_at_second: AtomicU64,
}

/// The buckets of one service, and the limit that they are for.
struct Buckets {
    rate: Rate,
    limiter: DefaultKeyedRateLimiter<IpAddr>,
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

    /// At most once a second, since a scan looks at every address.
    fn may_scan(&self) -> bool {
        let second = self.started.elapsed().as_secs();
        self.scanned_at_second.swap(second, Relaxed) != second
    }

    /// Counts a request to a service of this limit; an error says how long the client must wait.
    pub(super) fn admit(
        &self,
        service: &str,
        rate: Option<Rate>,
        peer: IpAddr,
    ) -> Result<(), Duration> {
        let Some(rate) = rate else {
            return Ok(());
        };
        let buckets = self.buckets(service, rate);
        let limiter = &buckets.limiter;
        if limiter.len() > ADDRESSES_MAX && self.may_scan() {
            limiter.retain_recent();
        }
        limiter
            .check_key(&customer(peer))
            .map_err(|refused| refused.wait_time_from(self.clock.now()))
    }

    fn buckets(&self, service: &str, rate: Rate) -> Arc<Buckets> {
        let by_service = self
            .by_service
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(buckets) = by_service.get(service)
            && buckets.rate == rate
        {
            return Arc::clone(buckets);
        }
        drop(by_service);
        let limiter = limiter(rate);
        let buckets = Arc::new(Buckets { rate, limiter });
        self.by_service
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(service.to_owned(), Arc::clone(&buckets));
        buckets
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
    use std::num::NonZeroU32;

    fn a_minute(count: u32) -> Option<Rate> {
        Some(Rate {
            count: NonZeroU32::new(count).unwrap(),
            period: Duration::from_secs(60),
        })
    }

    #[test]
    fn a_client_is_refused_when_its_bucket_is_empty_and_told_when_to_return() {
        let limits = RateLimits::new();
        let peer = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..3 {
            limits.admit("a", a_minute(3), peer).unwrap();
        }
        let wait = limits.admit("a", a_minute(3), peer).unwrap_err();
        assert!(wait <= Duration::from_secs(20), "{wait:?}");
        let other = IpAddr::from([127, 0, 0, 2]);
        limits.admit("a", a_minute(3), other).unwrap();
        limits.admit("b", None, peer).unwrap();
    }

    #[test]
    fn one_customer_of_ipv6_has_one_bucket() {
        let limits = RateLimits::new();
        let admit = |peer: &str| limits.admit("a", a_minute(1), peer.parse().unwrap());
        admit("2001:db8::1").unwrap();
        admit("2001:db8::2").unwrap_err();
        admit("2001:db8:0:1::1").unwrap();
    }

    #[test]
    fn a_new_limit_begins_anew_and_the_same_one_goes_on() {
        let limits = RateLimits::new();
        let peer = IpAddr::from([127, 0, 0, 1]);
        limits.admit("a", a_minute(1), peer).unwrap();
        limits.admit("a", a_minute(1), peer).unwrap_err();
        limits.admit("a", a_minute(2), peer).unwrap();
        limits.admit("a", None, peer).unwrap();
    }
}
