//! TLS 1.3 and 1.2, with a certificate that is loaded again when its files change.

use crate::fingerprint::Fingerprint;
use crate::registry::TlsSpec;
use crate::regular_file;
use crate::runtime::in_one_line;
use crate::wall_clock::rfc3339;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_rustls::TlsAcceptor;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::time::Validity;

/// The protocols that a client may ask for in the handshake (RFC 7301).
pub(super) const ALPN_HTTP2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";
/// The largest certificate or key file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// How often the files are checked for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The acceptor of TLS connections.
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    certificate: Arc<WatchedCertificate>,
}

/// The certificate in use, and its files.
#[derive(Debug)]
struct WatchedCertificate {
    files: TlsSpec,
    current: ArcSwap<LoadedCertificate>,
    seen: Mutex<FileVersions>,
    /// Whether the files that were seen last cannot be used.
    is_refused: AtomicBool,
}

/// A certificate with its key, and when clients accept it (RFC 5280, section 4.1.2.5).
#[derive(Debug)]
struct LoadedCertificate {
    key: Arc<CertifiedKey>,
    valid_from: SystemTime,
    valid_until: SystemTime,
}

/// What is wrong with one of the files.
#[derive(Debug, thiserror::Error)]
#[error("`host.{key}`: {message}")]
pub struct TlsProblem {
    /// The key of the registry that names the file, in the table `host`.
    pub key: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// The fingerprints of the certificate's file and the key's.
type FileVersions = [Option<Fingerprint>; 2];

impl Tls {
    /// Reads the certificate and its key. One that clients do not accept is used with a warning, as
    /// there is no other.
    ///
    /// # Errors
    /// What is wrong with each file.
    pub fn open(files: &TlsSpec) -> Result<Self, Vec<TlsProblem>> {
        let seen = versions(files);
        let loaded = load(files)?;
        if let Err(error) = loaded.check_validity() {
            tracing::warn!(cert = ?files.cert, "{error}");
        }
        let certificate = Arc::new(WatchedCertificate {
            files: files.clone(),
            seen: Mutex::new(seen),
            current: ArcSwap::from_pointee(loaded),
            is_refused: AtomicBool::new(false),
        });
        let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("`ring` has the ciphers of both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificate) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![ALPN_HTTP2.to_vec(), ALPN_HTTP1.to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate,
        })
    }

    /// Whether the files have changed and cannot be used.
    pub(super) fn is_refused(&self) -> bool {
        self.certificate.is_refused.load(Relaxed)
    }

    /// Until when clients accept the certificate in use, in seconds since 1970 UTC.
    pub(super) fn valid_until_seconds(&self) -> i64 {
        let until = self.certificate.current.load().valid_until;
        let since_1970 = until.duration_since(UNIX_EPOCH).unwrap_or_default();
        since_1970.as_secs().cast_signed()
    }

    /// Loads the files again whenever they change, for as long as it is polled. If they cannot be
    /// used, the reason is logged, and the previous certificate stays in use.
    pub(super) async fn follow_files(&self) {
        loop {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let certificate = Arc::clone(&self.certificate);
            // An error means a panic, which is in the log already.
            let _ = tokio::task::spawn_blocking(move || certificate.reload_if_changed()).await;
        }
    }
}

impl WatchedCertificate {
    fn reload_if_changed(&self) {
        let now = versions(&self.files);
        let mut seen = self.seen.lock();
        let is_new = *seen != now;
        // A file that could not be read may be readable by now.
        if !is_new && !self.is_refused.load(Relaxed) {
            return;
        }
        *seen = now;
        let loaded = load(&self.files)
            .map_err(|problems| in_one_line(&problems))
            .and_then(|loaded| loaded.check_validity().map(|()| loaded));
        self.is_refused.store(loaded.is_err(), Relaxed);
        match loaded {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                tracing::info!("the TLS certificate was loaded again");
            }
            Err(error) if is_new => {
                tracing::warn!(error, "the new TLS certificate is not used");
            }
            Err(_) => {}
        }
    }
}

impl ResolvesServerCert for WatchedCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.load().key))
    }
}

impl LoadedCertificate {
    /// Fails if clients do not accept the certificate at this time.
    fn check_validity(&self) -> Result<(), String> {
        let (from, until) = (self.valid_from, self.valid_until);
        let now = SystemTime::now();
        if now < from {
            let from = rfc3339::of(from);
            return Err(format!("the TLS certificate is not valid before {from}"));
        }
        if until < now {
            let until = rfc3339::of(until);
            return Err(format!("the TLS certificate has expired at {until}"));
        }
        Ok(())
    }
}

/// The certificates of a chain, and when clients accept the first.
struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    validity: Validity,
}

fn load(files: &TlsSpec) -> Result<LoadedCertificate, Vec<TlsProblem>> {
    let problem = |key, file: &Path, error: anyhow::Error| TlsProblem {
        key,
        message: format!("{}: {error:#}", file.display()),
    };
    let chain = read_chain(&files.cert).map_err(|error| problem("tls.cert", &files.cert, error));
    let key = read_key(&files.key).map_err(|error| problem("tls.key", &files.key, error));
    let (chain, key) = match (chain, key) {
        (Ok(chain), Ok(key)) => (chain, key),
        (chain, key) => return Err(chain.err().into_iter().chain(key.err()).collect()),
    };
    let Chain {
        certificates,
        validity,
    } = chain;
    let key = CertifiedKey::from_der(certificates, key, &ring::default_provider())
        .with_context(|| {
            let cert = files.cert.display();
            format!("is not the key of {cert}, or is of an unknown kind; replace both files")
        })
        .map_err(|error| vec![problem("tls.key", &files.key, error)])?;
    Ok(LoadedCertificate {
        key: Arc::new(key),
        valid_from: validity.not_before.to_system_time(),
        valid_until: validity.not_after.to_system_time(),
    })
}

fn read_chain(file: &Path) -> anyhow::Result<Chain> {
    let content = read(file, |_, _| Ok(()))?;
    let certificates = CertificateDer::pem_slice_iter(&content)
        .collect::<Result<Vec<_>, _>>()
        .context("is not a chain of certificates in PEM")?;
    let first = certificates
        .first()
        .context("holds no certificate; name a chain of certificates in PEM")?;
    let validity = Certificate::from_der(first)
        .context("is not a certificate of X.509")?
        .tbs_certificate
        .validity;
    Ok(Chain {
        certificates,
        validity,
    })
}

fn read_key(file: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(&read(file, check_private)?)
        .context("is not a private key in PEM")
}

fn read(
    file: &Path,
    check: impl FnOnce(&Path, &Metadata) -> io::Result<()>,
) -> anyhow::Result<Vec<u8>> {
    let content = regular_file::open(file).and_then(|(opened, metadata)| {
        check(file, &metadata)?;
        regular_file::read_opened(opened, FILE_BYTES_MAX)
    });
    content.context("cannot be used; name a file in PEM that the host may read")
}

/// Checks that not all users may read the key. A group may, such as that of a proxy or of certbot.
fn check_private(key: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.permissions().mode() & 0o007 == 0 {
        return Ok(());
    }
    let problem = format!(
        "all users of this machine may read the private key; run `chmod 600 {}`",
        key.display()
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

fn versions(files: &TlsSpec) -> FileVersions {
    [&files.cert, &files.key].map(|file| Fingerprint::of(file))
}
