//! TLS 1.3 and 1.2, with a certificate that is loaded again when its files change.

use crate::registry::TlsSpec;
use crate::regular_file;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

/// What an HTTP/2 client and one of HTTP/1.1 ask for in the handshake (RFC 7301).
pub(super) const ALPN_HTTP2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";
/// The largest of the files, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Takes handshakes.
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    certificate: Arc<Certificate>,
}

/// The certificate in use.
#[derive(Debug)]
struct Certificate {
    files: TlsSpec,
    current: ArcSwap<CertifiedKey>,
    seen: Mutex<[Option<FileVersion>; 2]>,
}

/// Tells two versions of a file apart.
type FileVersion = (u64, u64, [(i64, i64); 2]);

impl Tls {
    /// Reads the certificate.
    ///
    /// # Errors
    /// What is wrong with which of the files.
    pub fn open(files: &TlsSpec) -> anyhow::Result<Self> {
        let certificate = Arc::new(Certificate {
            files: files.clone(),
            seen: Mutex::new(versions(files)),
            current: ArcSwap::from_pointee(load(files)?),
        });
        let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificate) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![ALPN_HTTP2.to_vec(), ALPN_HTTP1.to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate,
        })
    }

    /// Loads the files again whenever they change, for as long as it is polled. What is not right
    /// is logged, and the certificate before goes on.
    pub(super) async fn follow_files(&self) {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let certificate = Arc::clone(&self.certificate);
            // An error is a panic, which has been logged.
            let _ = tokio::task::spawn_blocking(move || certificate.reload_if_changed()).await;
        }
    }
}

impl Certificate {
    fn reload_if_changed(&self) {
        let now = versions(&self.files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return;
        }
        *seen = now;
        match load(&self.files) {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                tracing::info!("the TLS certificate was loaded again");
            }
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the new TLS certificate is not used"
                );
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn load(files: &TlsSpec) -> anyhow::Result<CertifiedKey> {
    let TlsSpec { cert, key } = files;
    let chain = CertificateDer::pem_slice_iter(&read(cert, "cert")?)
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| {
            let cert = cert.display();
            format!("{cert}: is no chain of certificates in PEM (`host.tls.cert`)")
        })?;
    anyhow::ensure!(
        !chain.is_empty(),
        "{}: holds no certificate (`host.tls.cert`)",
        cert.display()
    );
    check_private(key)?;
    let private = PrivateKeyDer::from_pem_slice(&read(key, "key")?).with_context(|| {
        let key = key.display();
        format!("{key}: is no private key in PEM (`host.tls.key`)")
    })?;
    CertifiedKey::from_der(chain, private, &ring::default_provider()).with_context(|| {
        let (cert, key) = (cert.display(), key.display());
        format!("{key}: is not the key of {cert}, or of a kind that is not known")
    })
}

fn read(file: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    regular_file::read(file, FILE_BYTES_MAX)
        .with_context(|| format!("{}: cannot be read (`host.tls.{name}`)", file.display()))
}

/// A group may read it (that of a proxy or of certbot), but not everybody on the machine.
fn check_private(key: &Path) -> anyhow::Result<()> {
    let metadata = std::fs::metadata(key)
        .with_context(|| format!("{}: cannot be read (`host.tls.key`)", key.display()))?;
    let mode = metadata.permissions().mode();
    anyhow::ensure!(
        mode & 0o007 == 0,
        "{}: everybody on this machine may read the private key; run `chmod 600 {}`",
        key.display(),
        key.display()
    );
    Ok(())
}

fn versions(files: &TlsSpec) -> [Option<FileVersion>; 2] {
    [&files.cert, &files.key].map(|file| {
        let metadata = std::fs::metadata(file).ok()?;
        let modified_at = (metadata.mtime(), metadata.mtime_nsec());
        let changed_at = (metadata.ctime(), metadata.ctime_nsec());
        Some((metadata.ino(), metadata.len(), [modified_at, changed_at]))
    })
}
