//! Who sends a request, for limits: no single client may use up what many share.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

/// The bits of an IPv6 address that a provider assigns to one customer.
const IPV6_CUSTOMER_MASK: u128 = !0 << 64;

/// Seeded at each start, so that no client can choose an address or name with another one's hash.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A client: the user whom a request's token names, or without a token its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(u64);

impl Client {
    /// A service that works for no client.
    pub const NOBODY: Self = Self(0);

    /// The client at this address.
    pub fn of_address(address: IpAddr) -> Self {
        Self(HASHER.hash_one(customer(address)))
    }

    /// The user of a verified token.
    pub fn of_subject(subject: &str) -> Self {
        Self(HASHER.hash_one(subject))
    }
}

/// The address that stands for one customer: of IPv6 the first 64 bits.
pub fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & IPV6_CUSTOMER_MASK).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_of_ipv6_is_one_client() {
        let of = |address: &str| Client::of_address(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
