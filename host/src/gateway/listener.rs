//! Accepts connections and speaks HTTP on them, until the drain.

use super::figures::CertificateFigures;
use super::observed_stream::ObservedStream;
use super::pipeline::Gateway;
use super::proxies::{TrustedProxies, read_proxy_head};
use super::tls::{ALPN_HTTP2, Tls};
use crate::connections::{ConnectionPlace, Connections, NoPlace, SWEEP_INTERVAL};
use crate::metrics::Figures;
use crate::network_address::NetworkAddress;
use crate::registry::HostSpec;
use crate::runtime::in_one_line;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The largest head that is read at all, in bytes. The limit for requests is smaller, so that a
/// client whose head is too large gets a response.
const HEAD_BYTES_READ_MAX: usize = 64 << 10;
/// The same of HTTP/2, where each field counts 32 bytes more (RFC 9113 section 6.5.2). A client
/// whose head is larger gets 431 without a body, and its connection ends at four times as much.
const HTTP2_HEAD_BYTES_READ_MAX: u32 = 32 << 10;
/// The most header fields that are read at all.
const HEAD_FIELDS_READ_MAX: usize = 200;
/// The most streams of an HTTP/2 connection.
const STREAMS_MAX: u32 = 100;
/// How much of request bodies an HTTP/2 client may send ahead, in bytes, on a stream and on a
/// connection.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// How much of a response waits in an HTTP/2 stream, in bytes.
const SEND_BYTES_MAX: usize = 64 << 10;
/// How much of its responses the system holds for a connection, in bytes (Linux takes twice as
/// much). With more, the host would not see for a long time what a slow client takes.
const SOCKET_BYTES: u32 = 64 << 10;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;
/// How often an HTTP/2 client gets a ping, to see whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long to pause when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The public listener.
pub struct Listener {
    socket: TcpListener,
    connections: Arc<Connections>,
    proxies: Arc<TrustedProxies>,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// Binds the address, or the first of a name that can be bound, and reads the certificate if
    /// there is one. At most `room` connections are open at once.
    ///
    /// # Errors
    /// The address is in use, or is not of this machine; the certificate cannot be used.
    pub async fn bind(host: &HostSpec, room: usize) -> anyhow::Result<Self> {
        let socket = listen(&host.listen).await.map_err(|error| {
            anyhow::anyhow!("cannot listen on {} (`listen`): {error}", host.listen)
        })?;
        let connections = host.connections.min(room);
        let half = connections.div_ceil(2);
        let address_max = host
            .connections_per_address
            .unwrap_or(half)
            .min(connections);
        let tls = host.tls.as_ref().map(Tls::open).transpose();
        let tls = tls.map_err(|problems| anyhow::anyhow!(in_one_line(&problems)))?;
        Ok(Self {
            socket,
            connections: Connections::new(connections, address_max),
            proxies: Arc::new(TrustedProxies(host.trusted_proxies.clone())),
            tls: tls.map(Arc::new),
        })
    }

    /// The URL at which it listens.
    ///
    /// # Errors
    /// The system does not tell the address.
    pub fn url(&self) -> std::io::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.socket.local_addr()?))
    }

    /// The figures of its connections, and of its certificate.
    pub fn figures(&self) -> Vec<Arc<dyn Figures>> {
        let connections = Arc::clone(&self.connections);
        vec![connections, Arc::new(CertificateFigures(self.tls.clone()))]
    }

    /// Serves until `stop`. Then it accepts no more connections, and waits at most `drain_time` for
    /// the requests that run.
    pub async fn serve(self, gateway: Arc<Gateway>, stop: CancellationToken, drain_time: Duration) {
        let server = Arc::new(HttpServer {
            http: http(),
            gateway: Arc::clone(&gateway),
            proxies: Arc::clone(&self.proxies),
            tls: self.tls.clone(),
        });
        let running = TaskTracker::new();
        let accept = async {
            loop {
                let (stream, peer, place) = self.accept().await;
                running.spawn(Arc::clone(&server).serve(stream, peer, place));
            }
        };
        let sweep = async {
            loop {
                tokio::time::sleep(SWEEP_INTERVAL).await;
                self.connections.sweep();
                gateway.sweep();
            }
        };
        let follow_certificate = async {
            match &self.tls {
                Some(tls) => tls.follow_files().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(sweep);
        tokio::select! {
            () = stop.cancelled() => {}
            () = accept => {}
            () = &mut sweep => {}
            () = follow_certificate => {}
        }
        drop(self.socket);
        self.connections.end_all();
        running.close();
        tokio::select! {
            () = running.wait() => {}
            () = sweep => {}
            () = tokio::time::sleep(drain_time) => {
                tracing::warn!("the drain took too long: requests that still run are cut off");
            }
        }
    }

    /// Returns the next connection that has a place.
    async fn accept(&self) -> (TcpStream, SocketAddr, ConnectionPlace) {
        loop {
            let (stream, peer) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // Otherwise a response that is written in two parts waits for the client's delayed
            // acknowledgement, some 40 ms.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
            }
            if let Some(place) = self.place_for(peer.ip()).await {
                return (stream, peer, place);
            }
            tracing::debug!(%peer, "the address has its maximum of connections");
        }
    }

    /// Returns a place, if the address may have another. While all are busy, more connections wait
    /// in the kernel.
    async fn place_for(&self, peer: IpAddr) -> Option<ConnectionPlace> {
        loop {
            // A trusted proxy has many clients.
            let address = (!self.proxies.contain(peer)).then_some(peer);
            match self.connections.admit(address) {
                Ok(place) => return Some(place),
                Err(NoPlace::AddressFull) => return None,
                Err(NoPlace::Full) => self.connections.wait_for_place().await,
            }
        }
    }
}

async fn listen(address: &NetworkAddress) -> std::io::Result<TcpListener> {
    let mut outcome = Err(std::io::ErrorKind::AddrNotAvailable.into());
    for address in address.resolve().await? {
        outcome = listen_at(address);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn listen_at(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SOCKET_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn http() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        // `Connections` bounds the head's time, with no timer for each.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_READ_MAX)
        .max_headers(HEAD_FIELDS_READ_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BYTES_MAX)
        .max_header_list_size(HTTP2_HEAD_BYTES_READ_MAX)
        .keep_alive_interval(PING_INTERVAL);
    http
}

/// What every connection needs.
struct HttpServer {
    http: auto::Builder<TokioExecutor>,
    gateway: Arc<Gateway>,
    proxies: Arc<TrustedProxies>,
    tls: Option<Arc<Tls>>,
}

impl HttpServer {
    async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: ConnectionPlace) {
        tokio::select! {
            biased;
            () = self.begin(stream, peer, &place) => {}
            () = place.connection.until_cut_off() => {
                tracing::debug!(%peer, "a connection is cut off");
            }
        }
    }

    /// Reads what comes before HTTP, and serves.
    async fn begin(&self, mut stream: TcpStream, peer: SocketAddr, place: &ConnectionPlace) {
        let mut client = peer.ip();
        if self.proxies.contain(client) {
            match read_proxy_head(&mut stream).await {
                Ok(Some(address)) => client = address.ip().to_canonical(),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%peer, %error, "a proxy's head cannot be read");
                    return;
                }
            }
        }
        let Some(tls) = &self.tls else {
            return self
                .serve_http(self.http.clone(), stream, client, place)
                .await;
        };
        match tls.acceptor.accept(stream).await {
            Ok(stream) => {
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_HTTP2);
                let http = self.http.clone();
                let http = if is_http2 {
                    http.http2_only()
                } else {
                    http.http1_only()
                };
                self.serve_http(http, stream, client, place).await;
            }
            Err(error) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
        }
    }

    async fn serve_http<S>(
        &self,
        http: auto::Builder<TokioExecutor>,
        stream: S,
        client: IpAddr,
        place: &ConnectionPlace,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = &place.connection;
        let stream = TokioIo::new(ObservedStream::new(stream, Arc::clone(connection)));
        let (gateway, by) = (Arc::clone(&self.gateway), Arc::clone(connection));
        // Boxed, so that neither a connection without a request nor a stream that waits to be taken
        // has the memory of a request that runs.
        let respond = service_fn(move |request| {
            Box::pin(Arc::clone(&gateway).respond(request, client, Arc::clone(&by)))
        });
        let serving = http.serve_connection(stream, respond);
        tokio::pin!(serving);
        let ended = tokio::select! {
            biased;
            ended = serving.as_mut() => ended,
            () = connection.until_ending() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%client, %error, "a connection ended");
        }
    }
}
