//! From where a request comes. A trusted proxy says it in a header, or before the first request.
//! What any other peer says is a client's own claim, and is ignored.

use crate::registry::Network;
use http::HeaderMap;
use http::header::FORWARDED;
use ppp::{HeaderResult, PartialResult as _, v1, v2};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// The longest head of the PROXY protocol that is read, in bytes: addresses and additions.
const PROXY_HEAD_MAX: usize = 536;
/// How long to wait for more of a head that came in pieces: nothing signals that more is there.
const PIECE_PAUSE: Duration = Duration::from_millis(20);
const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The networks of the proxies that are believed.
#[derive(Debug, Clone, Default)]
pub(super) struct TrustedProxies(pub(super) Vec<Network>);

impl TrustedProxies {
    /// Whether a proxy has this address.
    pub(super) fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client of a request that came from `peer`: of the addresses that proxies have noted, the
    /// last one that is no trusted proxy's. Each proxy appends, so a client may have forged those
    /// before it.
    pub(super) fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        if !self.contain(peer) {
            return client;
        }
        for hop in hops(headers).into_iter().rev() {
            let Some(hop) = hop else { return client };
            client = hop;
            if !self.contain(hop) {
                return client;
            }
        }
        client
    }
}

/// The addresses that proxies have noted, in their order; None stands for what is no address. A
/// proxy writes `forwarded` (RFC 7239) or `x-forwarded-for`, and may pass on the other one as its
/// client wrote it. With both, neither is believed.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let of = |name: &str, parse: fn(&str) -> Option<IpAddr>| -> Vec<_> {
        let values = headers.get_all(name).iter();
        let texts = values.map(|value| value.to_str().unwrap_or_default());
        texts.flat_map(|text| text.split(',').map(parse)).collect()
    };
    if headers.contains_key(FORWARDED) && headers.contains_key(X_FORWARDED_FOR) {
        Vec::new()
    } else if headers.contains_key(FORWARDED) {
        of(FORWARDED.as_str(), |element| {
            let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
            parse_node(nodes.next()?.1.trim().trim_matches('"'))
        })
    } else {
        of(X_FORWARDED_FOR, |node| parse_node(node.trim()))
    }
}

/// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`,
/// `[2001:db8::1]:4711`.
fn parse_node(node: &str) -> Option<IpAddr> {
    if let Ok(address) = node.parse::<SocketAddr>() {
        return Some(address.ip().to_canonical());
    }
    let bare = node
        .strip_prefix('[')
        .and_then(|node| node.strip_suffix(']'));
    let address: IpAddr = bare.unwrap_or(node).parse().ok()?;
    Some(address.to_canonical())
}

/// Reads the head of the PROXY protocol, version 1 or 2, if a trusted proxy's connection begins
/// with one, and returns the client's address.
///
/// # Errors
/// The connection breaks, or the head is malformed.
pub(super) async fn read_proxy_head(stream: &mut TcpStream) -> std::io::Result<Option<SocketAddr>> {
    let mut seen = [0; PROXY_HEAD_MAX];
    loop {
        let length = stream.peek(&mut seen).await?;
        let seen = &seen[..length];
        let is_beginning = |wanted: &[u8]| {
            let common = length.min(wanted.len());
            seen[..common] == wanted[..common]
        };
        if length == 0
            || !(is_beginning(v1::PROTOCOL_PREFIX.as_bytes()) || is_beginning(v2::PROTOCOL_PREFIX))
        {
            return Ok(None);
        }
        let head = HeaderResult::parse(seen);
        if head.is_incomplete() && length < PROXY_HEAD_MAX {
            sleep(PIECE_PAUSE).await;
            continue;
        }
        let (head_length, client) = match head {
            HeaderResult::V1(Ok(head)) => (head.header.len(), client_of_v1(&head)),
            HeaderResult::V2(Ok(head)) => (head.header.len(), client_of_v2(&head)),
            _ => return Err(std::io::ErrorKind::InvalidData.into()),
        };
        let mut taken = vec![0; head_length];
        stream.read_exact(&mut taken).await?;
        return Ok(client);
    }
}

fn client_of_v1(head: &v1::Header<'_>) -> Option<SocketAddr> {
    match head.addresses {
        v1::Addresses::Tcp4(of) => Some((of.source_address, of.source_port).into()),
        v1::Addresses::Tcp6(of) => Some((of.source_address, of.source_port).into()),
        v1::Addresses::Unknown => None,
    }
}

fn client_of_v2(head: &v2::Header<'_>) -> Option<SocketAddr> {
    // A local command is the proxy's own health check.
    if head.command == v2::Command::Local {
        return None;
    }
    match head.addresses {
        v2::Addresses::IPv4(of) => Some((of.source_address, of.source_port).into()),
        v2::Addresses::IPv6(of) => Some((of.source_address, of.source_port).into()),
        v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, fields: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, value.parse().unwrap());
        }
        let proxies = TrustedProxies(vec![Network::parse("10.0.0.0/8").unwrap()]);
        let client = proxies.client_of(peer.parse().unwrap(), &headers);
        client.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_for_the_last_address_that_is_no_proxy() {
        let of = |value| ("x-forwarded-for", value);
        let three = "203.0.113.9, 192.0.2.7, 10.0.0.2";
        let quoted = "for=203.0.113.9, for=\"[2001:db8::1]:80\";proto=https";
        let both = [("forwarded", "for=203.0.113.9"), of("192.0.2.7")];
        for (peer, fields, expected) in [
            ("198.51.100.1", &[of("192.0.2.7")][..], "198.51.100.1"),
            ("::ffff:10.1.2.3", &[of("192.0.2.7")], "192.0.2.7"),
            ("10.0.0.1", &[of(three)], "192.0.2.7"),
            ("10.0.0.1", &[of("192.0.2.7:4711")], "192.0.2.7"),
            ("10.0.0.1", &[of("10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            ("10.0.0.1", &[of("192.0.2.7, unknown")], "10.0.0.1"),
            ("10.0.0.1", &[("forwarded", quoted)], "2001:db8::1"),
            ("10.0.0.1", &[("forwarded", "for=_hidden")], "10.0.0.1"),
            ("10.0.0.1", &both, "10.0.0.1"),
        ] {
            assert_eq!(client(peer, fields), expected, "{fields:?}");
        }
    }
}
