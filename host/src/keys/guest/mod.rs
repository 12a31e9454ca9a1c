//! The keys as guests see them.

mod api_keys;

use super::Keys;
use super::bindings::signer::{Policy as GuestPolicy, SignError};
use super::bindings::{revocations, signer};
use super::token::{ALGORITHM, LIFETIME_SECONDS_MAX};
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::HasData;

/// Why the host does nothing more.
const STOPPING: &str = "the host is stopping";
/// The longest name of a session or a subject, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// The keys as one instance of a component uses them.
pub struct KeysView<'a> {
    /// The host's keys; none where the host serves nothing, as in `strongroom verify`.
    pub keys: Option<&'a Arc<Keys>>,
}

/// By which the interfaces of `strongroom:keys` find the keys of an instance.
pub struct HasKeys;

impl HasData for HasKeys {
    type Data<'a> = KeysView<'a>;
}

impl signer::Host for KeysView<'_> {
    fn current_policy(&mut self) -> Result<GuestPolicy> {
        let keys = self.present()?;
        Ok(GuestPolicy {
            kid: keys.ring.current().kid.clone(),
            algorithm: ALGORITHM.to_owned(),
            issuer: keys.policy.issuer.clone(),
            audience: keys.policy.audience.clone(),
            lifetime_seconds_max: LIFETIME_SECONDS_MAX,
        })
    }

    fn sign(&mut self, signing_input: String) -> Result<Result<Vec<u8>, SignError>> {
        Ok(self
            .present()?
            .sign(&signing_input)
            .map(|signature| signature.to_vec()))
    }

    fn verify(&mut self, token: String) -> Result<Option<String>> {
        let claims = self.present()?.accepted_claims(&token).ok();
        Ok(claims.and_then(|claims| serde_json::to_string(&*claims).ok()))
    }

    fn public_set(&mut self) -> Result<String> {
        Ok(self.present()?.public_set().to_owned())
    }
}

impl revocations::Host for KeysView<'_> {
    async fn revoke_session(
        &mut self,
        session_id: String,
    ) -> Result<Result<(), revocations::Error>> {
        if let Err(error) = check_name("session-id", &session_id) {
            return Ok(Err(error));
        }
        self.revoke(move |keys| keys.revocations.revoke_session(&session_id))
            .await
    }

    async fn revoke_subject(
        &mut self,
        subject: String,
        security_version_min: u64,
        except: Option<String>,
    ) -> Result<Result<(), revocations::Error>> {
        if let Err(error) = check_name("subject", &subject) {
            return Ok(Err(error));
        }
        let revoke = move |keys: &Keys| {
            keys.revocations
                .revoke_subject(&subject, security_version_min, except.as_deref())
        };
        self.revoke(revoke).await
    }
}

impl<'a> KeysView<'a> {
    fn present(&self) -> Result<&'a Arc<Keys>> {
        self.keys
            .ok_or_else(|| wasmtime::format_err!("there are no keys where nothing is served"))
    }

    async fn revoke(
        &self,
        revoke: impl FnOnce(&Keys) -> std::io::Result<()> + Send + 'static,
    ) -> Result<Result<(), revocations::Error>> {
        let revoked = self.on_blocking_thread(revoke).await?;
        Ok(revoked.map_err(|error| {
            revocations::Error::Unavailable(match error {
                Some(error) => {
                    tracing::error!(%error, "a revocation could not be written");
                    error.to_string()
                }
                None => STOPPING.to_owned(),
            })
        }))
    }

    /// Makes a change on a thread that may wait for the disk. It fails without an error when the
    /// host is stopping.
    async fn on_blocking_thread<E: Send + 'static>(
        &self,
        change: impl FnOnce(&Keys) -> Result<(), E> + Send + 'static,
    ) -> Result<Result<(), Option<E>>> {
        let keys = Arc::clone(self.present()?);
        let done = tokio::task::spawn_blocking(move || change(&keys)).await;
        Ok(match done {
            Ok(outcome) => outcome.map_err(Some),
            Err(_) => Err(None),
        })
    }
}

fn check_name(field: &str, name: &str) -> Result<(), revocations::Error> {
    if (1..=NAME_BYTES_MAX).contains(&name.len()) {
        Ok(())
    } else {
        Err(revocations::Error::Invalid(format!(
            "`{field}` must have 1 to {NAME_BYTES_MAX} bytes"
        )))
    }
}
