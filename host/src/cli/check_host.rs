//! What `serve` would refuse of the host's own settings.

use crate::gateway::Tls;
use crate::network_address::NetworkAddress;
use crate::registry::{AdminAddress, HostSpec, Registry, RegistryProblem};
use std::path::Path;

/// The problems with the folders, the addresses, and the certificate. Nothing is opened to write,
/// and no address is taken: the bank may run meanwhile.
pub(super) async fn check_host(registry: &Registry) -> Vec<RegistryProblem> {
    let host = &registry.host;
    let mut problems = Vec::new();
    let mut add = |key: &str, message: String| {
        problems.push(RegistryProblem {
            file: registry.file.clone(),
            line: host.line_of(key),
            key: format!("host.{key}"),
            message,
        });
    };
    for (key, folder) in [("data", &host.data), ("cache", &host.cache)] {
        if let Err(problem) = check_folder(folder) {
            add(key, problem);
        }
    }
    if let Err(problem) = resolves(&host.listen).await {
        add("listen", problem);
    }
    if let Err(problem) = check_admin(host).await {
        add("admin", problem);
    }
    if let Some(Err(error)) = host.tls.as_ref().map(Tls::open) {
        add("tls", format!("{error:#}"));
    }
    problems
}

/// A folder may be missing, as `serve` makes it.
fn check_folder(folder: &Path) -> Result<(), String> {
    match folder.metadata() {
        Ok(metadata) if !metadata.is_dir() => {
            Err(format!("{} is no folder; name one", folder.display()))
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{} cannot be used: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

async fn check_admin(host: &HostSpec) -> Result<(), String> {
    match &host.admin {
        AdminAddress::Tcp(address) => {
            // The system chooses the ports that are 0.
            if *address == host.listen && port(address) != 0 {
                return Err(format!("{address} is `listen` too; give it another port"));
            }
            resolves(address).await
        }
        AdminAddress::Unix(socket) => match socket.parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
                Err(format!("{} is no folder; make it", folder.display()))
            }
            _ => Ok(()),
        },
    }
}

async fn resolves(address: &NetworkAddress) -> Result<(), String> {
    let resolved = address.resolve().await;
    resolved
        .map(drop)
        .map_err(|error| format!("{address} cannot be listened on: {error}"))
}

fn port(address: &NetworkAddress) -> u16 {
    match address {
        NetworkAddress::Ip(address) => address.port(),
        NetworkAddress::Name(_, port) => *port,
    }
}
