//! `strongroom:keys/api-keys`.

use super::KeysView;
use crate::keys::Keys;
use crate::keys::api_keys::{ApiKey, ChangeError, KeyHash};
use crate::keys::bindings::api_keys;
use crate::scope::{SCOPE_BYTES_MAX, is_scope};
use uuid::Uuid;
use wasmtime::Result;

/// How many scopes a key may have.
const SCOPES_MAX: usize = 50;

type ChangeOutcome = Result<Result<(), api_keys::Error>>;

impl api_keys::Host for KeysView<'_> {
    async fn put(&mut self, key: api_keys::Key) -> ChangeOutcome {
        match api_key(key) {
            Ok(key) => self.change(move |keys| keys.api_keys.put(key)).await,
            Err(problem) => invalid(problem),
        }
    }

    async fn revoke(&mut self, id: String) -> ChangeOutcome {
        match uuid("id", &id) {
            Ok(id) => self.change(move |keys| keys.api_keys.revoke(id)).await,
            Err(problem) => invalid(problem),
        }
    }

    fn known_scopes(&mut self) -> Result<Vec<String>> {
        Ok(self.present()?.known_scopes())
    }

    fn last_used(&mut self) -> Result<Vec<(String, u64)>> {
        let uses = self.present()?.api_keys.last_uses().into_iter();
        Ok(uses.map(|(id, time)| (id.to_string(), time)).collect())
    }

    fn suspended(&mut self) -> Result<Vec<String>> {
        let suspended = self.present()?.api_keys.suspended().into_iter();
        Ok(suspended.map(|id| id.to_string()).collect())
    }

    async fn confirm(&mut self, id: String) -> ChangeOutcome {
        match uuid("id", &id) {
            Ok(id) => self.change(move |keys| keys.api_keys.confirm(id)).await,
            Err(problem) => invalid(problem),
        }
    }

    async fn block_customer(&mut self, id: String) -> ChangeOutcome {
        self.block(&id, true).await
    }

    async fn unblock_customer(&mut self, id: String) -> ChangeOutcome {
        self.block(&id, false).await
    }
}

impl KeysView<'_> {
    async fn block(&self, customer: &str, is_blocked: bool) -> ChangeOutcome {
        match uuid("id", customer) {
            Ok(customer) => {
                self.change(move |keys| keys.api_keys.block(customer, is_blocked))
                    .await
            }
            Err(problem) => invalid(problem),
        }
    }

    /// Changes the API keys on a thread that may wait for the disk.
    async fn change(
        &self,
        change: impl FnOnce(&Keys) -> Result<(), ChangeError> + Send + 'static,
    ) -> ChangeOutcome {
        let changed = self.on_blocking_thread(change).await?;
        Ok(changed.map_err(|error| match error {
            Some(ChangeError::Invalid(problem)) => api_keys::Error::Invalid(problem),
            Some(ChangeError::Log(error)) => {
                tracing::error!(%error, "a change of the API keys could not be written");
                api_keys::Error::Unavailable(error.to_string())
            }
            None => api_keys::Error::Unavailable(super::STOPPING.to_owned()),
        }))
    }
}

fn invalid(problem: String) -> ChangeOutcome {
    Ok(Err(api_keys::Error::Invalid(problem)))
}

fn uuid(field: &str, text: &str) -> Result<Uuid, String> {
    Uuid::try_parse(text).map_err(|_| format!("`{field}` must be a UUID"))
}

fn api_key(key: api_keys::Key) -> Result<ApiKey, String> {
    let hash = key.hash.try_into();
    let hash = hash.map_err(|_| "`hash` must have the 32 bytes of a SHA-256".to_owned())?;
    Ok(ApiKey {
        id: uuid("id", &key.id)?,
        hash: KeyHash(hash),
        client: uuid("client-id", &key.client_id)?,
        scope: scope(&key.scopes)?,
        expires_at: key.expires_at,
    })
}

/// The scopes as one text.
fn scope(scopes: &[String]) -> Result<String, String> {
    if !(1..=SCOPES_MAX).contains(&scopes.len()) {
        return Err(format!("`scopes` must have 1 to {SCOPES_MAX} scopes"));
    }
    for (index, scope) in scopes.iter().enumerate() {
        if !is_scope(scope) {
            return Err(format!(
                "`scopes`: each must have 1 to {SCOPE_BYTES_MAX} visible ASCII characters without \
                 `\"` and `\\`"
            ));
        }
        if scopes[..index].contains(scope) {
            return Err(format!("`scopes`: `{scope}` is there twice"));
        }
    }
    Ok(scopes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> api_keys::Key {
        api_keys::Key {
            id: Uuid::from_u128(1).to_string(),
            hash: vec![7; 32],
            client_id: Uuid::from_u128(2).to_string(),
            scopes: vec!["accounts:read".to_owned(), "journal:read".to_owned()],
            expires_at: None,
        }
    }

    fn numbers(count: usize) -> Vec<String> {
        (0..count).map(|number| number.to_string()).collect()
    }

    #[test]
    fn a_key_is_taken_whole_or_refused_by_the_name_of_what_is_wrong() {
        assert_eq!(api_key(key()).unwrap().scope, "accounts:read journal:read");
        type Spoil = fn(&mut api_keys::Key);
        let wrong: [(Spoil, &str); 7] = [
            (|key| key.id = "1".to_owned(), "`id`"),
            (|key| key.client_id.clear(), "`client-id`"),
            (|key| key.hash.truncate(31), "`hash`"),
            (|key| key.scopes.clear(), "`scopes`"),
            (|key| key.scopes = numbers(SCOPES_MAX + 1), "`scopes`"),
            (|key| key.scopes = vec!["a b".to_owned()], "`scopes`"),
            (|key| key.scopes = vec!["a".to_owned(); 2], "`scopes`"),
        ];
        for (spoil, field) in wrong {
            let mut key = key();
            spoil(&mut key);
            let problem = api_key(key).unwrap_err();
            assert!(problem.starts_with(field), "{problem}");
        }
    }
}
