//! What `serve` would refuse of the host's own settings.

use crate::admin::{kept_token, token_file};
use crate::backup::check_whole;
use crate::gateway::Tls;
use crate::keys::FILES as KEY_FILES;
use crate::network_address::NetworkAddress;
use crate::private_file::{self, Guard};
use crate::registry::{AdminAddress, HostSpec, Registry, RegistryProblem};
use crate::runtime::check_code_folder;
use crate::wall_clock;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::os::unix::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;

/// The problems with the folders, the addresses, and the certificate. Nothing is opened to write,
/// and no port of the bank is taken: it may run meanwhile.
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
    if is_ones_own(&host.cache)
        && let Err(error) = check_code_folder(&host.cache)
    {
        add("cache", format!("{}: {error}", host.cache.display()));
    }
    if is_ones_own(&host.data) {
        for problem in check_data(host) {
            add("data", problem);
        }
    }
    if let Err(problem) = can_be_bound(&host.listen).await {
        add("listen", problem);
    }
    if let Err(problem) = check_admin(host).await {
        add("admin", problem);
    }
    if let Some(Err(of_files)) = host.tls.as_ref().map(Tls::open) {
        for problem in of_files {
            add(problem.key, problem.message);
        }
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

/// Whether this user has the folder: to another one it may look as it does not to the host.
fn is_ones_own(folder: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    let metadata = folder.metadata();
    metadata.is_ok_and(|found| found.is_dir() && found.uid() == user)
}

/// What the host reads of its data folder before any service starts.
fn check_data(host: &HostSpec) -> Vec<String> {
    let data = &host.data;
    let is_whole = check_whole(data).map_err(|error| error.to_string());
    let saved_time = wall_clock::check_saved_time(data).map_err(|error| error.to_string());
    let mut problems: Vec<_> = is_whole.err().into_iter().chain(saved_time.err()).collect();
    let mut add = |file: &Path, error: io::Error| {
        problems.push(format!("{}: {error}", file.display()));
    };
    if host.admin_token.is_none()
        && let Err(error) = kept_token(data)
    {
        add(&token_file(data), error);
    }
    let keys = data.join("keys");
    let files = KEY_FILES.map(|name| (keys.join(name), Guard::All));
    for (path, guard) in files.into_iter().chain([(keys, Guard::Writing)]) {
        if let Ok(found) = path.metadata()
            && let Err(error) = private_file::check(&path, &found, guard)
        {
            add(&path, error);
        }
    }
    problems
}

async fn check_admin(host: &HostSpec) -> Result<(), String> {
    match &host.admin {
        AdminAddress::Tcp(address) => {
            if overlap(&host.listen, address).await {
                return Err(format!("{address} is `listen` too; give it another port"));
            }
            can_be_bound(address).await
        }
        AdminAddress::Unix(socket) => match socket.parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
                Err(format!("{} is no folder; make it", folder.display()))
            }
            _ if socket.exists() && !is_socket(socket) => Err(format!(
                "{} is there and no socket; remove it, or name another path",
                socket.display()
            )),
            _ => SocketAddr::from_pathname(socket)
                .map(drop)
                .map_err(|error| {
                    let socket = socket.display();
                    format!("{socket} cannot be listened on: {error}; name a shorter path")
                }),
        },
    }
}

/// Whether one listener takes the address of the other. Each has the first address of a name. The
/// system chooses a port that is 0.
async fn overlap(one: &NetworkAddress, other: &NetworkAddress) -> bool {
    let (Ok(one), Ok(other)) = (one.resolve().await, other.resolve().await) else {
        return false;
    };
    let (Some(one), Some(other)) = (one.first(), other.first()) else {
        return false;
    };
    // `0.0.0.0` takes all of IPv4, and `[::]` all of both.
    let takes = |one: IpAddr, other: IpAddr| {
        one == other || one.is_unspecified() && (one.is_ipv6() || other.is_ipv4())
    };
    let is_same_port = one.port() == other.port() && one.port() != 0;
    is_same_port && (takes(one.ip(), other.ip()) || takes(other.ip(), one.ip()))
}

fn is_socket(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| found.file_type().is_socket())
}

/// Whether the address, or one of a name's, is of this machine. Its port may be in use by the bank.
async fn can_be_bound(address: &NetworkAddress) -> Result<(), String> {
    let bound = async {
        let mut addresses = address.resolve().await?;
        addresses.iter_mut().for_each(|address| address.set_port(0));
        TcpListener::bind(&*addresses).await
    };
    bound
        .await
        .map(drop)
        .map_err(|error| format!("{address} cannot be listened on: {error}"))
}
