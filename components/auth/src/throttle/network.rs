//! The network of a client.

use std::net::IpAddr;

/// The network of a client, as large as that of a household or an office. A client cannot avoid its
/// count by another address of the network, and strangers elsewhere do not count here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network(Vec<u8>);

impl Network {
    /// The /24 of an IPv4 address, also of one that is mapped into IPv6, or the /48 of an IPv6
    /// address. All clients without a valid address share one network: the host sets the address of
    /// each client, so only a fault leaves it out.
    pub fn of(address: Option<&str>) -> Self {
        let address = address.and_then(|text| text.parse::<IpAddr>().ok());
        Self(match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.octets()[..3].to_vec(),
            Some(IpAddr::V6(address)) => address.octets()[..6].to_vec(),
            None => Vec::new(),
        })
    }

    /// The prefix of the address: 3 bytes, or 6, or none.
    pub(super) fn into_prefix(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_the_24_or_the_48_of_an_address() {
        for (one, other, is_same) in [
            ("192.0.2.1", "192.0.2.254", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("192.0.2.1", "::ffff:192.0.2.9", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.3.1", false),
            ("2001:db8:1::1", "2001:db8:1:ffff::2", true),
            ("2001:db8:1::1", "2001:db8:2::1", false),
            ("2001:db8:1::1", "192.0.2.1", false),
        ] {
            let is_found = Network::of(Some(one)) == Network::of(Some(other));
            assert_eq!(is_found, is_same, "{one} and {other}");
        }
    }

    #[test]
    fn what_is_no_address_is_one_network() {
        let none = Network::of(None);
        for text in ["", "here", "192.0.2.1:80", "192.0.2"] {
            assert_eq!(Network::of(Some(text)), none, "{text}");
        }
        assert_ne!(Network::of(Some("0.0.0.0")), none);
        assert_ne!(Network::of(Some("::")), none);
    }
}
