//! Networks of addresses, such as those of proxies.

use ipnet::IpNet;
use std::net::IpAddr;

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Parses an address, or a range in CIDR notation (RFC 4632).
    pub fn parse(text: &str) -> Result<Self, String> {
        let one = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse().or_else(|_| one());
        network.map(Self).map_err(|_| {
            format!(
                "`{text}` is not a range of addresses; \
                 write ADDRESS or ADDRESS/BITS, such as \"10.0.0.0/8\""
            )
        })
    }

    /// Whether the address is in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_or_a_range() {
        let network = Network::parse("10.0.0.0/8").unwrap();
        assert!(network.contains([10, 1, 2, 3].into()));
        assert!(!network.contains([11, 1, 2, 3].into()));
        let one = Network::parse("::1").unwrap();
        assert!(one.contains("::1".parse().unwrap()));
        assert!(!one.contains("::2".parse().unwrap()));
        for wrong in ["", "10.0.0.0/33", "10.0.0", "proxy.example", "10.0.0.0/8/8"] {
            assert!(Network::parse(wrong).is_err(), "{wrong}");
        }
    }
}
