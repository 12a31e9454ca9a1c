//! TLS 1.3 and 1.2, with a certificate that is loaded again when its files change.

use crate::fingerprint::Fingerprint;
use crate::registry::TlsSpec;
use crate::regular_file;
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

/// The fingerprints of the certificate's file and the key's.
type FileVersions = [Option<Fingerprint>; 2];

impl Tls {
    /// Reads the certificate and its key. One that clients do not accept is used with a warning, as
    /// there is no other.
    ///
    /// # Errors
    /// A file cannot be used; the error says which, and why.
    pub fn open(files: &TlsSpec) -> anyhow::Result<Self> {
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
            .with_safe_default_protocol_versions()?
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
        let loaded = load(&self.files).and_then(|loaded| {
            loaded.check_validity()?;
            Ok(loaded)
        });
        self.is_refused.store(loaded.is_err(), Relaxed);
        match loaded {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                tracing::info!("the TLS certificate was loaded again");
            }
            Err(error) if is_new => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the new TLS certificate is not used"
                );
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
    fn check_validity(&self) -> anyhow::Result<()> {
        let (from, until) = (self.valid_from, self.valid_until);
        let now = SystemTime::now();
        anyhow::ensure!(
            from <= now,
            "the TLS certificate is not valid before {}",
            rfc3339::of(from)
        );
        anyhow::ensure!(
            now <= until,
            "the TLS certificate has expired at {}",
            rfc3339::of(until)
        );
        Ok(())
    }
}

fn load(files: &TlsSpec) -> anyhow::Result<LoadedCertificate> {
    let TlsSpec { cert, key } = files;
    let chain = CertificateDer::pem_slice_iter(&read(cert, "cert", |_, _| Ok(()))?)
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| {
            let cert = cert.display();
            format!("{cert}: is not a chain of certificates in PEM (`host.tls.cert`)")
        })?;
    let Some(first) = chain.first() else {
        let cert = cert.display();
        anyhow::bail!("{cert}: holds no certificate (`host.tls.cert`)");
    };
    let validity = Certificate::from_der(first)
        .with_context(|| format!("{}: is not a certificate of X.509", cert.display()))?
        .tbs_certificate
        .validity;
    let private =
        PrivateKeyDer::from_pem_slice(&read(key, "key", check_private)?).with_context(|| {
            let key = key.display();
            format!("{key}: is not a private key in PEM (`host.tls.key`)")
        })?;
    let key =
        CertifiedKey::from_der(chain, private, &ring::default_provider()).with_context(|| {
            let (cert, key) = (cert.display(), key.display());
            format!("{key}: is not the key of {cert}, or is of an unknown kind")
        })?;
    Ok(LoadedCertificate {
        key: Arc::new(key),
        valid_from: validity.not_before.to_system_time(),
        valid_until: validity.not_after.to_system_time(),
    })
}

fn read(
    file: &Path,
    name: &str,
    check: impl FnOnce(&Path, &Metadata) -> io::Result<()>,
) -> anyhow::Result<Vec<u8>> {
    let content = regular_file::open(file).and_then(|(opened, metadata)| {
        check(file, &metadata)?;
        regular_file::read_opened(opened, FILE_BYTES_MAX)
    });
    content.with_context(|| format!("{}: cannot be used (`host.tls.{name}`)", file.display()))
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
