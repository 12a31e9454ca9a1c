//! The admin listener.

use super::calls;
use crate::swap::Swapper;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The most admin connections at once: a few probes and people.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may take to send a request's head.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);

/// The admin listener.
pub struct AdminListener {
    socket: TcpListener,
}

impl AdminListener {
    /// Takes the address.
    ///
    /// # Errors
    /// The address is taken, or is not of this machine.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        Ok(Self {
            socket: TcpListener::bind(address).await?,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves for as long as it is polled.
    pub async fn serve(self, swapper: Arc<Swapper>) {
        let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(place) = Arc::clone(&connections).acquire_owned().await else {
                return;
            };
            let stream = match self.socket.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "an admin connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let swapper = Arc::clone(&swapper);
            let answer = service_fn(move |request| {
                let swapper = Arc::clone(&swapper);
                async move { Ok::<_, Infallible>(calls::answer(&swapper, request).await) }
            });
            tokio::spawn(async move {
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIME_MAX)
                    .serve_connection(TokioIo::new(stream), answer);
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "an admin connection ended");
                }
                drop(place);
            });
        }
    }
}
