//! The address of a server, and connections to it with or without TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use http::HeaderValue;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A server's address and certificate.
#[derive(Debug, Clone, clap::Args)]
pub struct Server {
    /// The server's address
    #[arg(long, value_name = "HOST:PORT")]
    pub address: String,
    /// Use TLS 1.3, and trust this certificate alone
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

impl Server {
    /// A server without TLS.
    pub fn plain(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            certificate: None,
        }
    }

    /// The `host` header of its requests.
    pub fn host(&self) -> Result<HeaderValue> {
        HeaderValue::from_str(&self.address).with_context(|| self.address.clone())
    }

    pub async fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(&self.address).await;
        let stream = stream.with_context(|| format!("{} does not answer", self.address))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// The trust and the name of its TLS; none for a server without.
    pub fn tls(&self) -> Result<Option<(TlsConnector, ServerName<'static>)>> {
        let Some(file) = &self.certificate else {
            return Ok(None);
        };
        let (host, _port) = self.address.rsplit_once(':').context("HOST:PORT")?;
        let connector = connector(file).with_context(|| format!("{}", file.display()))?;
        Ok(Some((connector, ServerName::try_from(host.to_owned())?)))
    }
}

fn connector(certificate: &Path) -> Result<TlsConnector> {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(certificate)?)?;
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
