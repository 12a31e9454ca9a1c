//! A client with one keep-alive connection.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::server::Server;

/// A client that sends one request at a time.
pub struct Client {
    server: Server,
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    pub async fn connect(server: &Server) -> Result<Self> {
        Ok(Self {
            server: server.clone(),
            sender: connect(server).await?,
        })
    }

    /// Replaces a connection that has failed.
    pub async fn reconnect(&mut self) -> Result<()> {
        self.sender = connect(&self.server).await?;
        Ok(())
    }

    /// Sends a request and reads the whole response. After an error the client must reconnect.
    pub async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }

    pub async fn get(&mut self, path: &str) -> Result<Response<Bytes>> {
        let request = Request::get(path).header(HOST, self.server.host()?);
        self.ask(request.body(Full::default())?).await
    }
}

async fn connect(server: &Server) -> Result<SendRequest<Full<Bytes>>> {
    let stream = server.connect().await?;
    match server.tls()? {
        Some((connector, name)) => {
            let stream = connector.connect(name, stream).await;
            speak(stream.context("the TLS handshake")?).await
        }
        None => speak(stream).await,
    }
}

async fn speak<S>(stream: S) -> Result<SendRequest<Full<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // The caller that waits for the response gets its error.
        let _error = connection.await;
    });
    Ok(sender)
}
