//! One keep-alive connection.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A client that asks one thing at a time.
pub struct Client {
    address: String,
    sender: SendRequest<Full<Bytes>>,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Client {
    /// Connects to `HOST:PORT`.
    ///
    /// # Errors
    /// The network's.
    pub async fn connect(address: &str) -> Result<Self> {
        Ok(Self {
            address: address.to_owned(),
            sender: connect(address).await?,
        })
    }

    /// A new connection in the place of one that failed.
    ///
    /// # Errors
    /// The network's.
    pub async fn reconnect(&mut self) -> Result<()> {
        self.sender = connect(&self.address).await?;
        Ok(())
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// The connection's; it must not be used again then.
    pub async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, body })
    }
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("{address} does not answer"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // Its error reaches whoever waits for the answer.
        let _error = connection.await;
    });
    Ok(sender)
}
