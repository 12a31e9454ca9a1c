//! Accepts connections and speaks HTTP on them, until the drain.

use super::observed_stream::Observed;
use super::pipeline::Gateway;
use super::proxies::{TrustedProxies, read_proxy_head};
use super::tls::{ALPN_HTTP2, Tls};
use crate::connections::{ConnectionPlace, Connections, LOOK_INTERVAL, NoPlace};
use crate::registry::HostSpec;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The largest head that is read at all, in bytes; what is judged too large is smaller, so that it
/// can be answered.
const HEAD_BYTES_READ_MAX: usize = 64 << 10;
/// The most header fields that are read at all.
const HEAD_FIELDS_READ_MAX: usize = 200;
/// The most streams of an HTTP/2 connection.
const STREAMS_MAX: u32 = 100;
/// How much of request bodies an HTTP/2 client may send ahead, in bytes, on a stream and on a
/// connection.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// How much of an answer waits in an HTTP/2 stream, in bytes.
const SEND_BYTES_MAX: usize = 64 << 10;
/// How much of the answers the system holds for a connection, in bytes (Linux takes twice as much).
/// With more of it, nothing would be seen for a long time of what a slow client takes.
const SOCKET_BYTES: u32 = 64 << 10;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;
/// How often an HTTP/2 client is asked whether it is still there.
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
    /// Takes the address, and reads the certificate if there is one. At most `room` connections
    /// are open at once.
    ///
    /// # Errors
    /// The address is taken, or is not of this machine; the certificate cannot be used.
    pub fn bind(host: &HostSpec, room: usize) -> anyhow::Result<Self> {
        let socket = listen(host.listen).map_err(|error| {
            anyhow::anyhow!("cannot listen on {} (`listen`): {error}", host.listen)
        })?;
        let connections = host.connections.min(room);
        let half = connections.div_ceil(2);
        let address_max = host
            .connections_per_address
            .unwrap_or(half)
            .min(connections);
        let tls = host.tls.as_ref().map(Tls::open).transpose()?;
        Ok(Self {
            socket,
            connections: Connections::new(connections, address_max),
            proxies: Arc::new(TrustedProxies(host.trusted_proxies.clone())),
            tls: tls.map(Arc::new),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn url(&self) -> std::io::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.socket.local_addr()?))
    }

    /// Serves until `stop`; then accepts no more, and waits at most `drain_time` for what runs.
    pub async fn serve(self, gateway: Arc<Gateway>, stop: CancellationToken, drain_time: Duration) {
        let server = Arc::new(Server {
            http: http(),
            gateway: Arc::clone(&gateway),
            proxies: Arc::clone(&self.proxies),
            tls: self.tls.clone(),
            stop: stop.clone(),
        });
        let running = TaskTracker::new();
        let accept = async {
            loop {
                let (stream, peer, place) = self.accept().await;
                running.spawn(Arc::clone(&server).serve(stream, peer, place));
            }
        };
        let look = async {
            loop {
                tokio::time::sleep(LOOK_INTERVAL).await;
                self.connections.look();
                gateway.look();
            }
        };
        let follow_certificate = async {
            match &self.tls {
                Some(tls) => tls.follow_files().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(look);
        tokio::select! {
            () = stop.cancelled() => {}
            () = accept => {}
            () = &mut look => {}
            () = follow_certificate => {}
        }
        drop(self.socket);
        running.close();
        tokio::select! {
            () = running.wait() => {}
            () = look => {}
            () = tokio::time::sleep(drain_time) => {
                tracing::warn!("the drain's time is over; what still runs is cut off");
            }
        }
    }

    /// The next connection that has a place.
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
            // Without it a response that is written in two parts waits for the client's delayed
            // acknowledgement, some 40 ms.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
            }
            if let Some(place) = self.place_for(peer.ip()).await {
                return (stream, peer, place);
            }
            tracing::debug!(%peer, "the address has as many connections as one may have");
        }
    }

    /// A place, if the address may have another; while all are busy, more connections wait in the
    /// kernel.
    async fn place_for(&self, peer: IpAddr) -> Option<ConnectionPlace> {
        loop {
            // A trusted proxy's clients are many.
            let address = (!self.proxies.contain(peer)).then_some(peer);
            match self.connections.admit(address) {
                Ok(place) => return Some(place),
                Err(NoPlace::AddressFull) => return None,
                Err(NoPlace::Full) => self.connections.wait_for_place().await,
            }
        }
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
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
        .max_header_list_size(u32::try_from(HEAD_BYTES_READ_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(PING_INTERVAL);
    http
}

/// What every connection needs.
struct Server {
    http: auto::Builder<TokioExecutor>,
    gateway: Arc<Gateway>,
    proxies: Arc<TrustedProxies>,
    tls: Option<Arc<Tls>>,
    stop: CancellationToken,
}

impl Server {
    async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: ConnectionPlace) {
        let cut_off = place.connection.cut_off().clone();
        tokio::select! {
            () = cut_off.cancelled() => tracing::debug!(%peer, "a connection is cut off"),
            () = self.greet(stream, peer, &place) => {}
        }
    }

    /// Reads what comes before HTTP.
    async fn greet(&self, mut stream: TcpStream, peer: SocketAddr, place: &ConnectionPlace) {
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
            return self.speak(self.http.clone(), stream, client, place).await;
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
                self.speak(http, stream, client, place).await;
            }
            Err(error) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
        }
    }

    async fn speak<S>(
        &self,
        http: auto::Builder<TokioExecutor>,
        stream: S,
        client: IpAddr,
        place: &ConnectionPlace,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = &place.connection;
        let stream = TokioIo::new(Observed::new(stream, Arc::clone(connection)));
        let (gateway, asking) = (Arc::clone(&self.gateway), Arc::clone(connection));
        let answer = service_fn(move |request: Request<Incoming>| {
            let (gateway, connection) = (Arc::clone(&gateway), Arc::clone(&asking));
            async move { Ok::<_, Infallible>(gateway.answer(request, client, &connection).await) }
        });
        let conversation = http.serve_connection(stream, answer);
        tokio::pin!(conversation);
        let ended = tokio::select! {
            ended = conversation.as_mut() => ended,
            () = either(connection.ending(), &self.stop) => {
                conversation.as_mut().graceful_shutdown();
                conversation.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%client, %error, "a connection ended");
        }
    }
}

async fn either(first: &CancellationToken, second: &CancellationToken) {
    tokio::select! {
        () = first.cancelled() => {}
        () = second.cancelled() => {}
    }
}
