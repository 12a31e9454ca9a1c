//! An API key is accepted until it is revoked or expires, whatever happens to the host.

use super::Fixture;
use crate::keys::api_keys::{ApiKey, ChangeError, KeyHash};
use crate::keys::{Identity, TokenError};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use uuid::Uuid;

const SECRET: &str = "sk_0123456789";

fn key(id: u128) -> ApiKey {
    ApiKey {
        id: Uuid::from_u128(id),
        hash: KeyHash::of(SECRET),
        client: Uuid::from_u128(7),
        scope: "accounts:read journal:read".to_owned(),
        expires_at: None,
    }
}

pub(super) fn expiring_at(expiry_ms: u64) -> ApiKey {
    ApiKey {
        expires_at: Some(expiry_ms),
        ..key(1)
    }
}

fn id_of(id: u128) -> String {
    Uuid::from_u128(id).to_string()
}

impl Fixture {
    pub(super) fn put(&self, key: ApiKey) -> Result<(), ChangeError> {
        self.keys.api_keys.put(key)
    }

    pub(super) fn verify_key(&self) -> Result<Identity, TokenError> {
        self.keys.verify(SECRET)
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("api-keys.jsonl")
    }
}

#[test]
fn a_key_acts_for_the_bank_or_for_one_customer_with_its_scopes() {
    let fixture = Fixture::new();
    fixture.put(key(1)).unwrap();
    let bank = fixture.reopen().verify_key().unwrap();
    let client = id_of(7);
    assert_eq!((bank.subject(), bank.role()), (&*client, "service"));
    assert_eq!((bank.client(), bank.session()), (Some(&*client), None));
    assert_eq!(bank.scope(), "accounts:read journal:read");
    for (scope, is_held) in rows! {
        ("accounts:read", true), ("journal:read", true), ("accounts:write", false),
        ("accounts", false), ("", false),
    } {
        assert_eq!(bank.has_scope(scope), is_held, "{scope}");
    }
    let customer = bank.for_customer(Uuid::from_u128(9));
    let (subject, role) = (customer.subject(), customer.role());
    assert_eq!((subject, role), (&*id_of(9), "customer"));
    let acting = (customer.client(), customer.actor());
    assert_eq!(acting, (Some(&*client), &*client));
    assert!(!customer.has_scope("accounts:write"));
}

#[test]
fn a_token_is_narrowed_by_its_scopes_if_it_has_any() {
    let fixture = Fixture::new();
    let login = fixture.verify(&super::claims()).unwrap();
    assert!(login.has_scope("accounts:write"));
    let narrow = super::with(super::claims(), "scope", "accounts:read");
    let narrow = fixture.verify(&narrow).unwrap();
    assert!(narrow.has_scope("accounts:read") && !narrow.has_scope("accounts:write"));
}

#[test]
fn an_unknown_key_and_an_expired_one_are_refused() {
    let fixture = Fixture::new();
    assert_eq!(fixture.verify_key().err(), Some(TokenError::UnknownApiKey));
    let expiry = fixture.keys.time.now_ms() + 3_600_000;
    fixture.put(expiring_at(expiry)).unwrap();
    let fixture = fixture.reopen();
    let verify_at = |now_ms| fixture.keys.api_keys.verify(SECRET, now_ms).err();
    assert_eq!(verify_at(expiry - 1), None);
    assert_eq!(verify_at(expiry), Some(TokenError::ExpiredApiKey));
    let unknown = fixture.keys.verify("sk_").err();
    assert_eq!(unknown, Some(TokenError::UnknownApiKey));
    assert!(fixture.verify_key().is_ok());
}

#[test]
fn a_revoked_key_stays_revoked_over_a_restart_and_a_late_put() {
    let fixture = Fixture::new();
    fixture.put(key(1)).unwrap();
    fixture.keys.api_keys.revoke(Uuid::from_u128(1)).unwrap();
    assert_eq!(fixture.verify_key().err(), Some(TokenError::UnknownApiKey));
    // Also one of which the host did not know yet.
    fixture.keys.api_keys.revoke(Uuid::from_u128(2)).unwrap();
    let fixture = fixture.reopen();
    assert_eq!(fixture.verify_key().err(), Some(TokenError::UnknownApiKey));
    for id in [1, 2] {
        let refused = fixture.put(key(id)).unwrap_err().to_string();
        assert!(refused.contains("was revoked"), "{refused}");
    }
    assert_eq!(fixture.verify_key().err(), Some(TokenError::UnknownApiKey));
    fixture.put(key(3)).unwrap();
    assert!(fixture.verify_key().is_ok());
}

#[test]
fn a_put_replaces_the_key_of_its_id_and_no_other() {
    let fixture = Fixture::new();
    fixture.put(key(1)).unwrap();
    let refused = fixture.put(key(2)).unwrap_err().to_string();
    assert!(refused.contains(&id_of(1)), "{refused}");
    let hash = KeyHash::of("sk_another");
    fixture.put(ApiKey { hash, ..key(1) }).unwrap();
    let fixture = fixture.reopen();
    assert_eq!(fixture.verify_key().err(), Some(TokenError::UnknownApiKey));
    assert!(fixture.keys.verify("sk_another").is_ok());
}

#[test]
fn a_change_that_is_in_force_already_writes_nothing() {
    let fixture = Fixture::new();
    let change = || {
        fixture.put(key(1)).unwrap();
        let customer = Uuid::from_u128(9);
        fixture.keys.api_keys.block(customer, true).unwrap();
        fixture.keys.api_keys.revoke(Uuid::from_u128(2)).unwrap();
        std::fs::read_to_string(fixture.log()).unwrap()
    };
    assert_eq!(change(), change());
    assert!(!change().contains(SECRET));
}

#[test]
fn a_blocked_customer_stays_blocked_over_a_restart_until_unblocked() {
    let fixture = Fixture::new();
    let [blocked, other] = [9, 10].map(Uuid::from_u128);
    fixture.keys.api_keys.block(blocked, true).unwrap();
    let fixture = fixture.reopen();
    assert!(fixture.keys.is_blocked(blocked) && !fixture.keys.is_blocked(other));
    fixture.keys.api_keys.block(blocked, false).unwrap();
    assert!(!fixture.keys.is_blocked(blocked));
    assert!(!fixture.reopen().keys.is_blocked(blocked));
}

#[test]
fn a_torn_last_line_of_the_log_is_ignored_and_any_other_stops_the_host() {
    let fixture = Fixture::new();
    fixture.put(key(1)).unwrap();
    fixture.keys.api_keys.revoke(Uuid::from_u128(1)).unwrap();
    let whole = std::fs::read(fixture.log()).unwrap();
    // Wherever a crash cuts the log, the lines before are in force.
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut fixture = fixture;
    for length in 0..=whole.len() {
        std::fs::write(fixture.log(), &whole[..length]).unwrap();
        fixture = fixture.reopen();
        let is_accepted = (first..whole.len()).contains(&length);
        assert_eq!(fixture.verify_key().is_ok(), is_accepted, "{length} bytes");
    }
    for rubbish in ["rubbish\n", "{}\n", "{\"what\":\"put\"}\n"] {
        std::fs::write(fixture.log(), [rubbish.as_bytes(), &whole].concat()).unwrap();
        let error = super::open(fixture.folder.path()).err().unwrap();
        let told = "api-keys.jsonl: line 1 is not a change of an API key";
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn the_last_use_is_kept_over_a_restart_and_written_only_when_it_has_changed() {
    let fixture = Fixture::new();
    let file = fixture.folder.path().join("api-key-uses.json");
    fixture.put(key(1)).unwrap();
    fixture.keys.save_last_uses().unwrap();
    assert!(!file.exists() && fixture.keys.api_keys.last_uses().is_empty());
    fixture.keys.api_keys.verify(SECRET, 1_000).unwrap();
    fixture.keys.save_last_uses().unwrap();
    let written = file.metadata().unwrap().ino();
    fixture.keys.save_last_uses().unwrap();
    let fixture = fixture.reopen();
    fixture.keys.save_last_uses().unwrap();
    assert_eq!(file.metadata().unwrap().ino(), written);
    let last_uses = |fixture: &Fixture| fixture.keys.api_keys.last_uses();
    assert_eq!(last_uses(&fixture), [(Uuid::from_u128(1), 1_000)]);
    // A key that is put again was used when it was.
    let scope = "accounts:write".to_owned();
    fixture.put(ApiKey { scope, ..key(1) }).unwrap();
    assert_eq!(last_uses(&fixture), [(Uuid::from_u128(1), 1_000)]);
    fixture.keys.api_keys.verify(SECRET, 2_000).unwrap();
    fixture.keys.save_last_uses().unwrap();
    assert_eq!(last_uses(&fixture.reopen()), [(Uuid::from_u128(1), 2_000)]);
}

#[test]
fn a_suspended_key_is_refused_until_it_is_confirmed_over_a_restart() {
    let fixture = Fixture::new();
    fixture.put(key(1)).unwrap();
    fixture.keys.api_keys.suspend_all().unwrap();
    let refused = Some(TokenError::SuspendedApiKey);
    assert_eq!(fixture.verify_key().err(), refused);
    let fixture = fixture.reopen();
    assert_eq!(fixture.verify_key().err(), refused);
    let id = Uuid::from_u128(1);
    assert_eq!(fixture.keys.api_keys.suspended(), [id]);
    fixture.keys.api_keys.confirm(id).unwrap();
    assert!(fixture.verify_key().is_ok());
    let fixture = fixture.reopen();
    assert!(fixture.verify_key().is_ok());
    assert!(fixture.keys.api_keys.suspended().is_empty());
}
