//! The `[host]` table: the host's own settings.

use super::admin::{self, AdminAddress, AdminToken};
use super::network::Network;
use super::problem::Collector;
use super::table::TomlTable;
use super::units;
use http::HeaderValue;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The `[host]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSpec {
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// Where the admin API listens; loopback unless the operator says otherwise.
    pub admin: AdminAddress,
    /// Names that clients may give the admin API, beside the loopback's and its address.
    pub admin_hosts: Vec<String>,
    /// What a caller of the admin API shows; without it the host makes one, and asks for it only where something is changed.
    pub admin_token: Option<AdminToken>,
    /// Where stores, keys, and logs of revocations live.
    pub data: PathBuf,
    /// Where compiled components are kept.
    pub cache: PathBuf,
    /// By how much the wall clock and the time since boot may differ before the clock is not
    /// trusted.
    pub clock_jump: Duration,
    /// The `iss` of access tokens.
    pub issuer: String,
    /// The `aud` of access tokens.
    pub audience: String,
    /// The certificate of the public listener; without one it speaks no TLS.
    pub tls: Option<TlsSpec>,
    /// The proxies that are believed what they say of a client's address.
    pub trusted_proxies: Vec<Network>,
    /// How many connections may be open at once; then the idlest goes.
    pub connections: usize,
    /// How many one address may have open, unless it is a trusted proxy's; more are closed. None is half of all.
    pub connections_per_address: Option<usize>,
    /// The web origins whose pages may call the services (CORS), such as `https://app.example`; none by default.
    pub cors_origins: Vec<HeaderValue>,
}

/// The `host.tls` table: files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSpec {
    /// The certificate, and those that lead from it to a known authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const ADMIN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);
const CONNECTIONS_DEFAULT: usize = 4096;
const CLOCK_JUMP_DEFAULT: Duration = Duration::from_secs(10);
/// A leap second is no jump.
const CLOCK_JUMP_MIN: Duration = Duration::from_secs(2);

impl HostSpec {
    /// The keys whose values differ in `new`.
    pub fn differences(&self, new: &Self) -> Vec<&'static str> {
        let pairs = [
            ("listen", self.listen == new.listen),
            ("admin", self.admin == new.admin),
            ("admin_hosts", self.admin_hosts == new.admin_hosts),
            ("admin_token", self.admin_token == new.admin_token),
            ("data", self.data == new.data),
            ("cache", self.cache == new.cache),
            ("clock_jump", self.clock_jump == new.clock_jump),
            ("issuer", self.issuer == new.issuer),
            ("audience", self.audience == new.audience),
            ("tls", self.tls == new.tls),
            (
                "trusted_proxies",
                self.trusted_proxies == new.trusted_proxies,
            ),
            ("connections", self.connections == new.connections),
            (
                "connections_per_address",
                self.connections_per_address == new.connections_per_address,
            ),
            ("cors_origins", self.cors_origins == new.cors_origins),
        ];
        let differing = pairs.into_iter().filter(|(_, is_same)| !is_same);
        differing.map(|(key, _)| key).collect()
    }

    /// Puts the data elsewhere, and the compiled code with it unless the registry names a place for that.
    pub fn set_data(&mut self, data: Option<PathBuf>) {
        let Some(data) = data else { return };
        if self.cache == default_cache(&self.data) {
            self.cache = default_cache(&data);
        }
        self.data = data;
    }

    pub(super) fn read(
        root: &mut TomlTable<'_, '_>,
        folder: &Path,
        problems: &mut Collector<'_>,
    ) -> Self {
        let mut host = Self {
            listen: LISTEN_DEFAULT,
            admin: AdminAddress::Tcp(ADMIN_DEFAULT),
            admin_hosts: Vec::new(),
            admin_token: None,
            data: folder.join("data"),
            cache: PathBuf::new(),
            clock_jump: CLOCK_JUMP_DEFAULT,
            issuer: "strongroom".to_owned(),
            audience: "strongroom".to_owned(),
            tls: None,
            trusted_proxies: Vec::new(),
            connections: CONNECTIONS_DEFAULT,
            connections_per_address: None,
            cors_origins: Vec::new(),
        };
        let mut cache = None;
        if let Some(mut table) = root.table(problems, "host") {
            let path = |text: &str| match text {
                "" => Err("must name a folder".to_owned()),
                text => Ok(folder.join(text)),
            };
            let name = |text: &str| match text {
                "" => Err("must not be empty".to_owned()),
                text => Ok(text.to_owned()),
            };
            if let Some(listen) = table.string(problems, "listen", parse_address) {
                host.listen = listen;
            }
            let address = |text: &str| AdminAddress::parse(text, folder);
            if let Some(admin) = table.string(problems, "admin", address) {
                host.admin = admin;
            }
            host.admin_hosts = table.strings(problems, "admin_hosts", admin::parse_host);
            host.admin_token = admin::read_token(&mut table, problems);
            if let Some(data) = table.string(problems, "data", path) {
                host.data = data;
            }
            cache = table.string(problems, "cache", path);
            if let Some(jump) = table.string(problems, "clock_jump", parse_clock_jump) {
                host.clock_jump = jump;
            }
            if let Some(issuer) = table.string(problems, "issuer", name) {
                host.issuer = issuer;
            }
            if let Some(audience) = table.string(problems, "audience", name) {
                host.audience = audience;
            }
            if let Some(count) = table.number(problems, "connections", 1, 1_000_000) {
                host.connections = usize::try_from(count).unwrap_or(CONNECTIONS_DEFAULT);
            }
            let per_address = table.number(problems, "connections_per_address", 1, 1_000_000);
            host.connections_per_address =
                per_address.and_then(|count| usize::try_from(count).ok());
            host.trusted_proxies = table.strings(problems, "trusted_proxies", Network::parse);
            host.tls = table
                .table(problems, "tls")
                .and_then(|mut tls| TlsSpec::read(&mut tls, folder, problems));
            host.cors_origins = table.strings(problems, "cors_origins", parse_origin);
            table.refuse_unknown(problems);
        }
        host.cache = cache.unwrap_or_else(|| default_cache(&host.data));
        host
    }
}

impl TlsSpec {
    fn read(
        table: &mut TomlTable<'_, '_>,
        folder: &Path,
        problems: &mut Collector<'_>,
    ) -> Option<Self> {
        let mut file = |key: &str| {
            if table.get(key).is_none() {
                let message = "is missing; name a file in PEM, such as \"cert.pem\"";
                problems.add(table.span(), &table.path_of(key), message);
            }
            table.string(problems, key, |text| match text {
                "" => Err("must name a file in PEM".to_owned()),
                text => Ok(folder.join(text)),
            })
        };
        let (cert, key) = (file("cert"), file("key"));
        table.refuse_unknown(problems);
        Some(Self {
            cert: cert?,
            key: key?,
        })
    }
}

/// An origin as browsers send it (RFC 6454 section 7): scheme, host, and perhaps a port.
fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let wanted = || {
        format!(
            "`{text}` is not an origin; write scheme and host without a path, such as \"https://app.example\""
        )
    };
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or_else(wanted)?;
    if host.is_empty() || host.contains(['/', '*', '?', '#', '@']) {
        return Err(wanted());
    }
    HeaderValue::from_str(text).map_err(|_| wanted())
}

fn parse_clock_jump(text: &str) -> Result<Duration, String> {
    let jump = units::parse_duration(text)?;
    if jump < CLOCK_JUMP_MIN {
        return Err(format!(
            "must be at least {CLOCK_JUMP_MIN:?}, so that a leap second is no jump"
        ));
    }
    Ok(jump)
}

fn default_cache(data: &Path) -> PathBuf {
    data.join("cache")
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("`{text}` is not an address; write IP:PORT, such as \"127.0.0.1:8080\"")
    })
}
