//! Sends a request of a guest, over a connection that is for it alone.
//!
//! It does as `wasmtime_wasi_http::default_send_request`, but finds the addresses of a name by
//! [`resolver`], not by the C library.

use crate::resolver;
use http::Uri;
use http::uri::Scheme;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use wasmtime_wasi_http::{Error, WasiBody};

/// Trusts the authorities that Mozilla trusts.
static TLS: LazyLock<TlsConnector> = LazyLock::new(|| {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
});

/// How long the other side may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Until there is a connection.
    pub(super) connect: Duration,
    /// From then until the response begins.
    pub(super) first_byte: Duration,
    /// Between two parts of the response.
    pub(super) between_bytes: Duration,
}

/// Sends a request. The future that it returns beside the response ends with the connection, which
/// is closed when that is dropped.
///
/// # Errors
/// There is no connection, or no response in time.
pub(super) async fn send(
    mut request: http::Request<WasiBody>,
    times: Times,
) -> Result<
    (
        http::Response<WasiBody>,
        impl Future<Output = Result<(), Error>> + Send + use<>,
    ),
    Error,
> {
    let stream = timeout(times.connect, connect(request.uri())).await;
    let stream = stream.map_err(|_| Error::ConnectionTimeout)??;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = AbortOnDropHandle::new(tokio::spawn(connection));
    // Only a proxy needs scheme and host.
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    let response = timeout(times.first_byte, sender.send_request(request)).await;
    let response = response.map_err(|_| Error::ConnectionReadTimeout)??;
    let response = response.map(|body| TimedBody::new(body, times.between_bytes).boxed_unsync());
    let rest = async move {
        match connection.await {
            Ok(ended) => Ok(ended?),
            Err(_) => Err(Error::ConnectionTerminated),
        }
    };
    Ok((response, rest))
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn connect(uri: &Uri) -> Result<Box<dyn Stream>, Error> {
    let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let addresses = resolver::addresses(host, port).await.map_err(|error| {
        tracing::debug!(%error, "a request of a service cannot be sent");
        Error::DnsError {
            rcode: None,
            info_code: None,
        }
    })?;
    let stream = TcpStream::connect(addresses.as_slice()).await;
    let stream = stream.map_err(Error::Connect)?;
    if !is_tls {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Error::HttpRequestUriInvalid)?;
    let stream = TLS.connect(name, stream).await.map_err(Error::Tls)?;
    Ok(Box::new(stream))
}

/// A body of which each part comes in time.
struct TimedBody {
    body: Incoming,
    pause_max: Duration,
    timer: Pin<Box<Sleep>>,
}

impl TimedBody {
    fn new(body: Incoming, pause_max: Duration) -> Self {
        Self {
            body,
            pause_max,
            timer: Box::pin(sleep(pause_max)),
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(part) = Pin::new(&mut self.body).poll_frame(context) {
            let deadline = Instant::now() + self.pause_max;
            self.timer.as_mut().reset(deadline);
            return Poll::Ready(part.map(|part| part.map_err(Error::from)));
        }
        ready!(self.timer.as_mut().poll(context));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
