//! Where a program listens, as an operator writes it: an address or the name of a host, and a port.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// The longest name of a host, in characters (RFC 1123 section 2.1).
const NAME_LENGTH_MAX: usize = 253;

/// `IP:PORT` or `NAME:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkAddress {
    /// An address.
    Ip(SocketAddr),
    /// The name of a host, in lower case, and a port.
    Name(String, u16),
}

impl FromStr for NetworkAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let named = text.rsplit_once(':').filter(|(name, _)| is_name(name));
        named
            .and_then(|(name, port)| {
                Some(Self::Name(name.to_ascii_lowercase(), port.parse().ok()?))
            })
            .ok_or_else(|| {
                format!(
                    "`{text}` is not an address; \
                     write IP:PORT or NAME:PORT, such as \"127.0.0.1:8080\""
                )
            })
    }
}

impl fmt::Display for NetworkAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(formatter, "{address}"),
            Self::Name(name, port) => write!(formatter, "{name}:{port}"),
        }
    }
}

/// Whether a text is the name of a host (RFC 1123 section 2.1). The last part of an address is a
/// number, and that of a name is not.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= NAME_LENGTH_MAX
        && text.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_an_ip_or_a_name_and_a_port_or_is_refused_with_what_to_write() {
        for (text, shown) in rows! {
            ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:0", "[::1]:0"),
            ("localhost:8080", "localhost:8080"), ("Bank-1.Example:65535", "bank-1.example:65535"),
        } {
            let address: NetworkAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
        }
        for text in rows! {
            "", ":80", "localhost", "localhost:", "localhost:65536", "127.0.0:80",
            "127.0.0.256:80", "::1:80", "a..b:80", "a b:80", "http://localhost:80",
        } {
            let problem = text.parse::<NetworkAddress>().unwrap_err();
            assert!(problem.contains("NAME:PORT"), "{text}: {problem}");
        }
    }

    #[tokio::test]
    async fn the_name_of_the_loopback_is_known_without_a_server() {
        let addresses = |text: &str| {
            let address: NetworkAddress = text.parse().unwrap();
            async move { address.resolve().await.unwrap() }
        };
        let loopback: SocketAddr = "127.0.0.1:80".parse().unwrap();
        assert_eq!(addresses("localhost:80").await.first(), Some(&loopback));
        assert_eq!(addresses("127.0.0.1:80").await, [loopback]);
    }
}
