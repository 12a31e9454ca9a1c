//! Accepts connections and speaks HTTP on them, until the drain.

use super::pipeline::Gateway;
use super::preface;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send a request's head, and how long an idle connection is kept.
pub(super) const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// The largest head that is read at all, in bytes; what is judged too large is smaller, so that it can be answered.
const HEAD_BYTES_READ_MAX: usize = 64 << 10;
/// The most header fields that are read at all.
const HEAD_FIELDS_READ_MAX: usize = 200;
/// The most streams of an HTTP/2 connection.
const STREAMS_MAX: u32 = 100;
/// How long to pause when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The public listener.
pub struct Listener {
    socket: TcpListener,
    connections: Arc<Semaphore>,
}

impl Listener {
    /// Takes the address; at most `connections_max` connections are open at once.
    ///
    /// # Errors
    /// The address is taken, or is not of this machine.
    pub async fn bind(address: SocketAddr, connections_max: usize) -> std::io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(address).await?,
            connections: Arc::new(Semaphore::new(connections_max)),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop`; then accepts no more, and waits at most `drain_time` for what runs.
    pub async fn serve(self, gateway: Arc<Gateway>, stop: CancellationToken, drain_time: Duration) {
        let graceful = GracefulShutdown::new();
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_buf_size(HEAD_BYTES_READ_MAX)
            .max_headers(HEAD_FIELDS_READ_MAX);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(u32::try_from(HEAD_BYTES_READ_MAX).unwrap_or(u32::MAX))
            .keep_alive_interval(HEAD_TIME_MAX);
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let Some((stream, peer, place)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let gateway = Arc::clone(&gateway);
            let answer = service_fn(move |request: Request<Incoming>| {
                let gateway = Arc::clone(&gateway);
                async move { Ok::<_, Infallible>(gateway.answer(request, peer.ip()).await) }
            });
            let http = http.clone();
            let watcher = graceful.watcher();
            tokio::spawn(async move {
                if !preface::arrives(&stream).await {
                    return;
                }
                let connection = http
                    .serve_connection(TokioIo::new(stream), answer)
                    .into_owned();
                if let Err(error) = watcher.watch(connection).await {
                    tracing::debug!(%peer, %error, "a connection ended");
                }
                drop(place);
            });
        }
        drop(self.socket);
        if tokio::time::timeout(drain_time, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("the drain's time is over; what still runs is cut off");
        }
    }

    async fn accept(&self) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.connections).acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((stream, peer)) => {
                // Without it a response that is written in two parts waits for the client's delayed acknowledgement, some 40 ms.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%peer, %error, "TCP_NODELAY could not be set");
                }
                Some((stream, peer, place))
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                None
            }
        }
    }
}
