//! A client of the admin API of a running host.

use super::RegistryArgument;
use crate::admin::{read_token, token_file};
use crate::gateway::PROBLEM_JSON;
use crate::registry::{AdminAddress, AdminToken, HostSpec};
use crate::regular_file::if_there;
use anyhow::Context as _;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Response, StatusCode, request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// How long the host may take: it compiles components that are new to it.
const RESPONSE_TIME_MAX: Duration = Duration::from_secs(600);
/// The environment variable with the token, for a host whose data folder is out of reach.
const TOKEN_VARIABLE: &str = "STRONGROOM_ADMIN_TOKEN";

/// Parses the address of a host's admin API: as the host prints it, or as users type it.
pub(super) fn parse_address(text: &str) -> Result<AdminAddress, String> {
    if text.starts_with("unix:") {
        return text.parse();
    }
    let address = text.strip_prefix("http://").unwrap_or(text);
    address.trim_end_matches('/').parse()
}

/// The options that name the host.
#[derive(Debug, clap::Args)]
pub(super) struct HostTarget {
    #[command(flatten)]
    registry: RegistryArgument,
    /// Where the host keeps its token; overrides the registry
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the host's admin API listens; overrides the registry
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    admin: Option<AdminAddress>,
}

impl HostTarget {
    /// A client of that host.
    ///
    /// # Errors
    /// The registry has problems, or the host's token cannot be read.
    pub(super) fn client(&self) -> anyhow::Result<HostClient> {
        let mut host = self.registry.read()?.host;
        host.set_data(self.data.clone());
        let address = self.admin.clone().unwrap_or_else(|| host.admin.clone());
        HostClient::new(address, &host)
    }
}

/// A client of one host.
pub(super) struct HostClient {
    address: AdminAddress,
    token: Option<AdminToken>,
}

impl HostClient {
    /// A client of the host at `address`, which has the settings and the data folder of `host`.
    ///
    /// # Errors
    /// The host's token cannot be read.
    pub(super) fn new(address: AdminAddress, host: &HostSpec) -> anyhow::Result<Self> {
        let token = match address {
            AdminAddress::Tcp(_) => find_token(host)?,
            AdminAddress::Unix(_) => None,
        };
        Ok(Self { address, token })
    }

    /// Sends a POST, and returns the response.
    ///
    /// # Errors
    /// The host cannot be reached, or does not respond in time.
    pub(super) async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::post(path).header(CONTENT_TYPE, content_type);
        self.in_time(async { whole(self.send(request, body).await?).await })
            .await
    }

    /// Sends a GET, and returns the response.
    ///
    /// # Errors
    /// As of [`HostClient::post`].
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::get(path);
        self.in_time(async { whole(self.send(request, Vec::new()).await?).await })
            .await
    }

    /// Sends a POST without a body, and returns the response, whose body is still to come.
    ///
    /// # Errors
    /// The host cannot be reached, or does not begin to respond in time.
    pub(super) async fn post_to_read(&self, path: &str) -> anyhow::Result<Response<Incoming>> {
        self.in_time(self.send(Request::post(path), Vec::new()))
            .await
    }

    /// Reads a body as a `T`.
    ///
    /// # Errors
    /// It is none: another server responds there.
    pub(super) fn read<T: DeserializeOwned>(&self, body: &[u8]) -> anyhow::Result<T> {
        let address = &self.address;
        serde_json::from_slice(body).with_context(|| {
            format!("the server at {address} is not the admin API of a strongroom")
        })
    }

    fn name(&self) -> String {
        match &self.address {
            AdminAddress::Tcp(address) => address.to_string(),
            AdminAddress::Unix(_) => "localhost".to_owned(),
        }
    }

    async fn in_time<T>(
        &self,
        responding: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        tokio::time::timeout(RESPONSE_TIME_MAX, responding)
            .await
            .with_context(|| {
                format!(
                    "the host at {} did not respond in {RESPONSE_TIME_MAX:?}",
                    self.address
                )
            })?
    }

    async fn send(
        &self,
        request: request::Builder,
        body: Vec<u8>,
    ) -> anyhow::Result<Response<Incoming>> {
        let mut request = request.header(HOST, self.name());
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.as_str()));
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        let no_host = || {
            format!(
                "no host answers at {}; start it, or name the admin address that it prints when it \
                 has started",
                self.address
            )
        };
        let response = match &self.address {
            AdminAddress::Tcp(address) => {
                let addresses = address.resolve().await.with_context(no_host)?;
                let stream = TcpStream::connect(addresses.as_slice()).await;
                exchange(stream.with_context(no_host)?, request).await?
            }
            AdminAddress::Unix(path) => {
                let stream = UnixStream::connect(path).await.with_context(no_host)?;
                exchange(stream, request).await?
            }
        };
        anyhow::ensure!(
            response.status() != StatusCode::UNAUTHORIZED,
            "the host at {} responded 401 Unauthorized: it wants its token; run this where its \
             data folder with `admin.token` is, or set {TOKEN_VARIABLE}",
            self.address
        );
        // The admin API has no problem documents.
        anyhow::ensure!(
            response.headers().get(CONTENT_TYPE) != Some(&PROBLEM_JSON),
            "{} is not the admin API of a host; name the admin address that it prints when it has \
             started",
            self.address
        );
        Ok(response)
    }
}

/// Sends one request over a connection that is for it alone, and ends with the response's body.
///
/// # Errors
/// The connection breaks.
pub(super) async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// Reads a response to its end.
///
/// # Errors
/// The connection breaks.
pub(super) async fn whole(response: Response<Incoming>) -> anyhow::Result<(StatusCode, Bytes)> {
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, body))
}

/// Finds the token in the environment, the registry, or the data folder. Without one, the host
/// refuses the call.
fn find_token(host: &HostSpec) -> anyhow::Result<Option<AdminToken>> {
    match std::env::var(TOKEN_VARIABLE) {
        Ok(text) => {
            let token = AdminToken::parse(&text);
            let token = token.map_err(|problem| anyhow::anyhow!("{TOKEN_VARIABLE} {problem}"))?;
            return Ok(Some(token));
        }
        Err(std::env::VarError::NotUnicode(_)) => anyhow::bail!("{TOKEN_VARIABLE} is not UTF-8"),
        Err(std::env::VarError::NotPresent) => {}
    }
    if let Some(token) = &host.admin_token {
        return Ok(Some(token.clone()));
    }
    if_there(read_token(&host.data)).map_err(|error| {
        anyhow::anyhow!(
            "{}: the host's token cannot be read: {error}; or set {TOKEN_VARIABLE}",
            token_file(&host.data).display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_the_host_prints_or_what_users_type() {
        let network = |address: &str| AdminAddress::Tcp(address.parse().unwrap());
        for (text, expected) in rows! {
            ("127.0.0.1:9090", network("127.0.0.1:9090")),
            ("http://127.0.0.1:9090/", network("127.0.0.1:9090")),
            ("bank.example:9090", network("bank.example:9090")),
            ("unix:run/admin.sock", AdminAddress::Unix("run/admin.sock".into())),
        } {
            assert_eq!(parse_address(text), Ok(expected), "{text}");
        }
        for wrong in ["unix:", "127.0.0.1", "https://bank.example:9090"] {
            assert!(parse_address(wrong).is_err(), "{wrong}");
        }
    }
}
