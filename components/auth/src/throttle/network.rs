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
    fn a_network_is_the_24_or_the_48_of_an_address_and_what_is_no_address_is_one_too() {
        let networks = [
            "192.0.2.1 192.0.2.254 ::ffff:192.0.2.9",
            "192.0.3.1 ::ffff:192.0.3.1",
            "2001:db8:1::1 2001:db8:1:ffff::2",
            "2001:db8:2::1",
            "0.0.0.0",
            "::",
            " here 192.0.2.1:80 192.0.2",
        ];
        let networks = networks.map(|addresses| {
            let of_each = addresses.split(' ').map(|text| Network::of(Some(text)));
            let mut of_each = of_each.collect::<Vec<_>>();
            of_each.dedup();
            assert_eq!(of_each.len(), 1, "{addresses}");
            of_each.remove(0)
        });
        for (index, network) in networks.iter().enumerate() {
            assert!(!networks[..index].contains(network), "{network:?}");
        }
        assert_eq!(networks[6], Network::of(None));
    }
}
