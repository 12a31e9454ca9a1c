//! Accepts admin connections, and speaks HTTP on them.

use super::calls::AdminApi;
use crate::arriving_body::ArrivingBody;
use crate::connections::{ConnectionPlace, Connections};
use crate::network_address::NetworkAddress;
use crate::registry::AdminAddress;
use http::Request;
use http_body_util::BodyExt as _;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::fs::Mode;
use rustix::process::umask;
use std::convert::Infallible;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

/// The most admin connections at once: a few probes and people.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may take to send a request's head, and how long an idle connection is kept.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// The admin listener.
pub struct AdminListener {
    socket: Socket,
    address: AdminAddress,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl AdminListener {
    /// Binds the address.
    ///
    /// # Errors
    /// The address is in use, is not of this machine, or is the path of a file that is no socket.
    pub async fn bind(address: &AdminAddress) -> io::Result<Self> {
        Ok(match address {
            AdminAddress::Tcp(address) => {
                let addresses = address.resolve().await?;
                let socket = TcpListener::bind(addresses.as_slice()).await?;
                Self {
                    address: AdminAddress::Tcp(NetworkAddress::Ip(socket.local_addr()?)),
                    socket: Socket::Tcp(socket),
                }
            }
            AdminAddress::Unix(path) => Self {
                socket: Socket::Unix(bind_unix(path).await?),
                address: address.clone(),
            },
        })
    }

    /// Where it listens.
    pub fn address(&self) -> &AdminAddress {
        &self.address
    }

    /// Serves for as long as it is polled.
    pub async fn serve(self, api: Arc<AdminApi>) {
        // Idle clients must not keep a health check out.
        let connections = Connections::new(CONNECTIONS_MAX, CONNECTIONS_MAX);
        loop {
            let accepted = match &self.socket {
                Socket::Tcp(socket) => socket
                    .accept()
                    .await
                    .map(|(stream, _)| start(stream, &connections, &api)),
                Socket::Unix(socket) => socket
                    .accept()
                    .await
                    .map(|(stream, _)| start(stream, &connections, &api)),
            };
            if let Err(error) = accepted {
                tracing::warn!(%error, "an admin connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Binds a socket that only its owner may use. It replaces one that a previous host has left.
async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            Err(error) => return Err(error),
            Ok(_) => {
                let problem = "another process listens there";
                return Err(io::Error::new(io::ErrorKind::AddrInUse, problem));
            }
        },
        Ok(_) => {
            let problem = "a file that is no socket is there; remove it, or choose another path";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, problem));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // A later change would leave the usual mode for a moment. A file that another thread makes now
    // is closed to other users too.
    let usual = umask(Mode::XUSR | Mode::RWXG | Mode::RWXO);
    let bound = UnixListener::bind(path);
    umask(usual);
    bound
}

fn start<S>(stream: S, connections: &Arc<Connections>, api: &Arc<AdminApi>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok(place) = connections.admit(None) else {
        tracing::warn!("an admin connection is refused: all others are busy");
        return;
    };
    tokio::spawn(serve_connection(stream, place, Arc::clone(api)));
}

async fn serve_connection<S>(stream: S, place: ConnectionPlace, api: Arc<AdminApi>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let by = Arc::clone(&place.connection);
    let respond = service_fn(move |request| {
        let (api, connection) = (Arc::clone(&api), Arc::clone(&by));
        let serving = Arc::clone(&connection).begin_request(Instant::now());
        async move {
            let (head, mut body) = ArrivingBody::of(request);
            let mut response = api.respond(Request::from_parts(head, &mut body)).await;
            body.finish(&connection, &mut response).await;
            // A backup that is being sent is at work, however long that takes.
            let serve = move |frame| {
                let _at_work = &serving;
                frame
            };
            Ok::<_, Infallible>(response.map(|body| body.map_frame(serve)))
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .serve_connection(TokioIo::new(stream), respond);
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "an admin connection ended");
            }
        }
        () = place.connection.until_cut_off() => {
            tracing::debug!("an idle admin connection was closed for a new one");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn a_socket_is_for_its_owner_and_replaces_one_without_a_listener_but_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let address = AdminAddress::Unix(path.clone());
        let first = AdminListener::bind(&address).await.unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let error = AdminListener::bind(&address).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(path.exists());
        AdminListener::bind(&address).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "precious").unwrap();
        let error = AdminListener::bind(&address).await.err().unwrap();
        assert!(error.to_string().contains("remove it"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }
}
