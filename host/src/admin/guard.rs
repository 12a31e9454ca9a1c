//! Who may call the admin API.
//!
//! Every program of the machine can reach a listener on the loopback, and so can every web page in
//! a browser on it: a page can make its own name lead to 127.0.0.1 (DNS rebinding). So a request
//! must name a known host, must not come from a web page, and must show the token if it changes
//! something. Only its owner can reach a Unix socket.

use crate::bearer::bearer_token;
use crate::network_address::NetworkAddress;
use crate::registry::{AdminAddress, AdminToken};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request};
use sha2::{Digest as _, Sha256};
use std::net::{Ipv4Addr, SocketAddr};
use subtle::ConstantTimeEq as _;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It names no host, or one that is not this.
    ForeignHost(String),
    /// A web page sends it.
    ForeignOrigin,
    /// It shows no token.
    NoToken,
    /// It shows another token.
    WrongToken,
}

/// The rules of one listener.
pub(super) struct CallGuard {
    /// None for a Unix socket, which the file system protects.
    network: Option<NetworkGuard>,
}

struct NetworkGuard {
    /// The names of this host, in lower case, without ports.
    hosts: Vec<String>,
    /// Tokens are compared by digest: so the time tells nothing about their content.
    token_digest: [u8; 32],
    /// Whether reads need the token as well.
    guards_reads: bool,
}

impl CallGuard {
    /// The guard of a listener at `address`, which has the names of `hosts` too.
    pub(super) fn new(
        address: &AdminAddress,
        hosts: &[String],
        token: &AdminToken,
        guards_reads: bool,
    ) -> Self {
        let AdminAddress::Tcp(address) = address else {
            return Self { network: None };
        };
        let mut hosts = hosts.to_vec();
        hosts.push(match address {
            NetworkAddress::Ip(SocketAddr::V4(address)) => address.ip().to_string(),
            NetworkAddress::Ip(SocketAddr::V6(address)) => format!("[{}]", address.ip()),
            NetworkAddress::Name(name, _) => name.clone(),
        });
        let network = NetworkGuard {
            hosts,
            token_digest: Sha256::digest(token.as_str()).into(),
            guards_reads,
        };
        Self {
            network: Some(network),
        }
    }

    /// Checks a request.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        if request.headers().contains_key(ORIGIN) {
            return Err(Refusal::ForeignOrigin);
        }
        // A monitor knows neither the names of the host nor its token.
        let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
        match &self.network {
            Some(network) if !is_probe => network.check(request),
            _ => Ok(()),
        }
    }
}

impl NetworkGuard {
    fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let headers = request.headers();
        self.check_hosts(request.uri().authority(), headers)?;
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if is_read && !self.guards_reads {
            return Ok(());
        }
        self.check_token(headers)
    }

    /// Checks that a request names a host, and only names of this one.
    fn check_hosts(&self, of_uri: Option<&Authority>, headers: &HeaderMap) -> Result<(), Refusal> {
        let of_headers = headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
        let mut named = of_uri
            .map(|authority| authority.as_str().as_bytes())
            .into_iter()
            .chain(of_headers)
            .peekable();
        if named.peek().is_none() {
            return Err(Refusal::ForeignHost(String::new()));
        }
        named.try_for_each(|host| {
            let authority = Authority::try_from(host).ok();
            if authority.is_some_and(|authority| self.is_this_host(&authority)) {
                return Ok(());
            }
            let host = String::from_utf8_lossy(host).escape_debug().to_string();
            Err(Refusal::ForeignHost(host))
        })
    }

    fn is_this_host(&self, authority: &Authority) -> bool {
        let host = authority.host().to_ascii_lowercase();
        let is_loopback = host == "localhost"
            || host == "[::1]"
            || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
        let has_user = authority.as_str().contains('@');
        !has_user && (is_loopback || self.hosts.contains(&host))
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        let (Some(shown), None) = (shown.next(), shown.next()) else {
            return Err(Refusal::NoToken);
        };
        let Some(token) = shown.to_str().ok().and_then(bearer_token) else {
            return Err(Refusal::NoToken);
        };
        let digest: [u8; 32] = Sha256::digest(token).into();
        if digest.ct_eq(&self.token_digest).into() {
            Ok(())
        } else {
            Err(Refusal::WrongToken)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn guard_at(address: &str, guards_reads: bool) -> CallGuard {
        let hosts = ["bank.example".to_owned()];
        let token = AdminToken::parse(TOKEN).unwrap();
        CallGuard::new(&address.parse().unwrap(), &hosts, &token, guards_reads)
    }

    fn request(method: &str, uri: &str, fields: &[(&str, &str)]) -> Request<()> {
        let request = Request::builder().method(method).uri(uri);
        let request = fields.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(()).unwrap()
    }

    fn get(host: &str) -> Request<()> {
        request("GET", "/services", &[("host", host)])
    }

    #[test]
    fn the_loopback_the_address_and_named_hosts_are_ours_with_any_port_and_no_other_is() {
        let guard = guard_at("192.0.2.7:9090", false);
        let loopback = ["localhost", "LocalHost:9090", "127.0.0.1:1", "127.255.3.4"];
        let others = ["[::1]:9090", "192.0.2.7:9090", "Bank.example:80"];
        for host in loopback.into_iter().chain(others) {
            assert_eq!(guard.check(&get(host)), Ok(()), "{host}");
        }
        let ours = ("host", "localhost");
        for foreign in rows! {
            get("rebind.evil.example"), get("localhost.evil.example"),
            get("127.0.0.1.evil.example"), get("evil.example@localhost"), get("192.0.2.8"),
            get("0.0.0.0"), get("[::2]"), get("localhost, localhost"), get(""),
            request("GET", "/services", &[]),
            request("GET", "/", &[ours, ("host", "evil.example")]),
            request("GET", "http://evil.example/services", &[ours]),
        } {
            let refused = guard.check(&foreign);
            let is_foreign = matches!(refused, Err(Refusal::ForeignHost(_)));
            assert!(is_foreign, "{foreign:?}: {refused:?}");
        }
    }

    #[test]
    fn a_web_page_is_refused_whatever_it_asks_for() {
        let guard = guard_at("127.0.0.1:9090", false);
        for path in ["/services", "/healthz"] {
            let call = request("GET", path, &[("host", "localhost"), ("origin", "null")]);
            assert_eq!(guard.check(&call), Err(Refusal::ForeignOrigin), "{path}");
        }
    }

    #[test]
    fn a_change_needs_the_token_and_a_read_only_where_the_registry_sets_it() {
        let right = format!("Bearer {TOKEN}");
        let short = &right[..right.len() - 1];
        for (method, guards_reads, shown, expected) in rows! {
            ("GET", false, None, Ok(())), ("HEAD", false, None, Ok(())),
            ("GET", true, None, Err(Refusal::NoToken)), ("GET", true, Some(right.as_str()), Ok(())),
            ("POST", false, None, Err(Refusal::NoToken)),
            ("PUT", false, None, Err(Refusal::NoToken)), ("POST", false, Some(&right), Ok(())),
            ("POST", false, Some(TOKEN), Err(Refusal::NoToken)),
            ("POST", false, Some(short), Err(Refusal::WrongToken)),
            ("POST", false, Some("Bearer "), Err(Refusal::WrongToken)),
        } {
            let mut fields = vec![("host", "localhost")];
            fields.extend(shown.map(|shown| ("authorization", shown)));
            let call = request(method, "/services/reload", &fields);
            let outcome = guard_at("127.0.0.1:9090", guards_reads).check(&call);
            assert_eq!(outcome, expected, "{method} {guards_reads} {shown:?}");
        }
    }

    #[test]
    fn probes_and_a_unix_socket_need_neither_host_nor_token() {
        for (address, method, path) in [
            ("127.0.0.1:9090", "GET", "/healthz"),
            ("127.0.0.1:9090", "GET", "/readyz"),
            ("unix:/run/admin.sock", "POST", "/services/reload"),
        ] {
            let outcome = guard_at(address, true).check(&request(method, path, &[]));
            assert_eq!(outcome, Ok(()), "{path}");
        }
    }
}
