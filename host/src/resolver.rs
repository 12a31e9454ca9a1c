//! The addresses of host names: of `/etc/hosts`, and of the name servers of `/etc/resolv.conf`.
//!
//! The C library would do this with shared libraries of its own, which a static binary in an empty
//! root does not have. Both files are read for each name, as they change while the host runs.

use crate::network_address::NetworkAddress;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::read_system_conf;
use std::io;
use std::net::SocketAddr;

/// The addresses of a host, with a port; those of IPv4 first. The host may be an address itself.
///
/// # Errors
/// The name has no address, or no name server answers.
pub async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found = resolver()?.lookup_ip(host).await;
    let found = found.map_err(|error| {
        let problem = format!("the name `{host}` has no address: {error}");
        io::Error::new(io::ErrorKind::NotFound, problem)
    })?;
    Ok(found.iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

impl NetworkAddress {
    /// The addresses that it stands for: one, or those of the name.
    ///
    /// # Errors
    /// As of [`addresses`].
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::Ip(address) => Ok(vec![*address]),
            Self::Name(name, port) => addresses(name, *port).await,
        }
    }
}

fn resolver() -> io::Result<TokioResolver> {
    // Without the file there is no name server, but there may be /etc/hosts.
    let (config, mut options) =
        read_system_conf().unwrap_or_else(|_| (ResolverConfig::default(), ResolverOpts::default()));
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(options)
        .build()
        .map_err(io::Error::other)
}
