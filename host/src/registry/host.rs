//! The `[host]` table: the host's own settings.

use super::admin::{self, AdminAddress, AdminToken};
use super::key_lines::KeyLines;
use super::network::Network;
use super::origin::Origin;
use super::table::TomlTable;
use super::traces::TracesSpec;
use super::units;
use crate::network_address::NetworkAddress;
use http::HeaderValue;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The `[host]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSpec {
    /// Where the gateway listens.
    pub listen: NetworkAddress,
    /// Where the admin API listens; by default on the loopback.
    pub admin: AdminAddress,
    /// Names that clients may use for the admin API, beside the loopback's and its address.
    pub admin_hosts: Vec<String>,
    /// The token of the admin API's callers. Without it the host makes one, which only calls that
    /// change something need.
    pub admin_token: Option<AdminToken>,
    /// The folder of stores, keys, and logs of revocations.
    pub data: PathBuf,
    /// The folder of compiled components.
    pub cache: PathBuf,
    /// By how much the wall clock and the time since boot may differ before the clock is not
    /// trusted.
    pub clock_jump: Duration,
    /// The `iss` of access tokens.
    pub issuer: String,
    /// The `aud` of access tokens.
    pub audience: String,
    /// The certificate of the public listener; without one it does not speak TLS.
    pub tls: Option<TlsSpec>,
    /// The proxies whose word on a client's address the host trusts.
    pub trusted_proxies: Vec<Network>,
    /// How many connections may be open at once; for one more the host closes the idlest.
    pub connections: usize,
    /// How many of them one address may have, unless it is a trusted proxy's. None is half of all.
    pub connections_per_address: Option<usize>,
    /// Where a backup is kept up to now; none: nowhere.
    pub backup: Option<BackupSpec>,
    /// Where traces of requests are sent; none: nowhere.
    pub traces: Option<TracesSpec>,
    /// The web origins whose pages may call the services (CORS), such as `https://app.example`.
    pub cors_origins: Vec<HeaderValue>,
    /// The lines of its table and keys, for messages.
    lines: KeyLines,
}

/// The `host.tls` table: files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSpec {
    /// The certificate with the chain behind it.
    pub cert: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// The `host.backup` table: a folder that always has a backup of the bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSpec {
    /// The folder, which the host makes if there is none.
    pub folder: PathBuf,
    /// How old the backup may become.
    pub interval: Duration,
}

const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
const ADMIN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);
const CONNECTIONS_DEFAULT: usize = 4096;
const CLOCK_JUMP_DEFAULT: Duration = Duration::from_secs(10);
const BACKUP_INTERVAL_DEFAULT: Duration = Duration::from_secs(10);
const BACKUP_INTERVAL_MIN: Duration = Duration::from_secs(1);
/// A leap second is no jump.
const CLOCK_JUMP_MIN: Duration = Duration::from_secs(2);

impl HostSpec {
    /// The keys whose values differ in `new`.
    pub fn differences(&self, new: &Self) -> Vec<&'static str> {
        macro_rules! is_same {
            ($($key:ident),*) => { [$((stringify!($key), self.$key == new.$key)),*] };
        }
        let pairs = is_same![
            listen,
            admin,
            admin_hosts,
            admin_token,
            data,
            cache,
            clock_jump,
            issuer,
            audience,
            tls,
            trusted_proxies,
            connections,
            connections_per_address,
            backup,
            traces,
            cors_origins
        ];
        let differing = pairs.into_iter().filter(|(_, is_same)| !is_same);
        differing.map(|(key, _)| key).collect()
    }

    /// Names by which the admin API may be called: those of `admin_hosts`, and that of `admin`.
    pub fn admin_names(&self) -> Vec<String> {
        let mut names = self.admin_hosts.clone();
        if let AdminAddress::Tcp(NetworkAddress::Name(name, _)) = &self.admin {
            names.push(name.clone());
        }
        names
    }

    /// Sets the data folder. The compiled code goes with it unless the registry names its folder.
    pub fn set_data(&mut self, data: Option<PathBuf>) {
        let Some(data) = data else { return };
        if self.cache == default_cache(&self.data) {
            self.cache = default_cache(&data);
        }
        self.data = data;
    }

    pub(super) fn read(root: &mut TomlTable<'_, '_>, folder: &Path) -> Self {
        let mut host = Self {
            listen: NetworkAddress::Ip(LISTEN_DEFAULT),
            admin: AdminAddress::Tcp(NetworkAddress::Ip(ADMIN_DEFAULT)),
            admin_hosts: Vec::new(),
            admin_token: None,
            data: folder.join("data"),
            cache: default_cache(&folder.join("data")),
            clock_jump: CLOCK_JUMP_DEFAULT,
            issuer: "strongroom".to_owned(),
            audience: "strongroom".to_owned(),
            tls: None,
            trusted_proxies: Vec::new(),
            connections: CONNECTIONS_DEFAULT,
            connections_per_address: None,
            backup: None,
            traces: None,
            cors_origins: Vec::new(),
            lines: KeyLines::default(),
        };
        if let Some(table) = root.table("host") {
            host.read_keys(table, folder);
        }
        host
    }

    /// The line of a key of its table, or of one in a table of it such as `tls.cert`; of the table
    /// if it does not have the key.
    pub fn line_of(&self, key: &str) -> usize {
        self.lines.line_of(key).max(1)
    }

    fn read_keys(&mut self, mut table: TomlTable<'_, '_>, folder: &Path) {
        self.lines = KeyLines::of(&table);
        let admin_address = |text: &str| AdminAddress::parse(text, folder);
        set(&mut self.listen, table.string("listen", str::parse));
        set(&mut self.admin, table.string("admin", admin_address));
        self.admin_hosts = table.strings("admin_hosts", admin::parse_host);
        self.admin_token = admin::read_token(&mut table, folder);
        let data = table.name("data", "must name a folder");
        self.set_data(data.map(|data| folder.join(data)));
        let cache = table.name("cache", "must name a folder");
        set(&mut self.cache, cache.map(|cache| folder.join(cache)));
        let clock_jump = table.measure("clock_jump", |text| {
            parse_at_least(text, CLOCK_JUMP_MIN, ", so that a leap second is no jump")
        });
        set(&mut self.clock_jump, clock_jump);
        set(&mut self.issuer, table.name("issuer", "must not be empty"));
        let audience = table.name("audience", "must not be empty");
        set(&mut self.audience, audience);
        let connections = table.number("connections", 1..=1_000_000);
        set(&mut self.connections, connections);
        self.connections_per_address = table.number("connections_per_address", 1..=1_000_000);
        self.trusted_proxies = table.strings("trusted_proxies", Network::parse);
        self.tls = table
            .table("tls")
            .and_then(|tls| TlsSpec::read(tls, folder));
        self.backup = table
            .table("backup")
            .and_then(|backup| BackupSpec::read(backup, folder));
        self.traces = table.table("traces").and_then(TracesSpec::read);
        self.cors_origins = table.strings("cors_origins", parse_origin);
        table.refuse_unknown();
    }
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

impl TlsSpec {
    fn read(mut table: TomlTable<'_, '_>, folder: &Path) -> Option<Self> {
        let mut file = |key: &str| {
            let if_missing = "is missing; name a file in PEM, such as \"cert.pem\"";
            table.require(key, if_missing);
            let name = table.name(key, "must name a file in PEM")?;
            Some(folder.join(name))
        };
        let (cert, key) = (file("cert"), file("key"));
        table.refuse_unknown();
        Some(Self {
            cert: cert?,
            key: key?,
        })
    }
}

impl BackupSpec {
    fn read(mut table: TomlTable<'_, '_>, folder: &Path) -> Option<Self> {
        table.require("folder", "is missing; name a folder, best on another disk");
        let name = table.name("folder", "must name a folder");
        let parse = |text: &str| parse_at_least(text, BACKUP_INTERVAL_MIN, "");
        let interval = table.measure("interval", parse);
        table.refuse_unknown();
        Some(Self {
            folder: folder.join(name?),
            interval: interval.unwrap_or(BACKUP_INTERVAL_DEFAULT),
        })
    }
}

/// A duration of at least this; `reason` ends the problem of a shorter one.
fn parse_at_least(text: &str, least: Duration, reason: &str) -> Result<Duration, String> {
    let duration = units::parse_duration(text)?;
    if duration < least {
        return Err(format!("must be at least {least:?}{reason}"));
    }
    Ok(duration)
}

/// An origin as browsers send it (RFC 6454 section 7): scheme, host, and perhaps a port.
fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let origin = Origin::parse(text)?;
    HeaderValue::from_str(&origin.as_sent()).map_err(|error| error.to_string())
}

fn default_cache(data: &Path) -> PathBuf {
    data.join("cache")
}
