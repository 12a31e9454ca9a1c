//! Goal: a stranger cannot lock a user out of a known device, and a token does not avoid the count.

use super::kit::*;
use crate::{AuthError, LoggedIn};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_sdk::store::Reader;

const DAY_MS: i64 = 24 * 3_600 * 1_000;

impl Bank {
    fn device(&self, email: &str) -> String {
        self.log_in(email, PASSWORD).unwrap().device_token
    }

    fn log_in_with(&self, token: &str, password: &str) -> Result<LoggedIn, AuthError> {
        self.log_in_from(HERE, Some(token), EMAIL, password)
    }

    /// Locks strangers out, here and everywhere.
    fn lock_strangers(&self) {
        for number in 0..110 {
            let _ = self.log_in_from(&format!("198.51.{number}.1"), None, EMAIL, OTHER_PASSWORD);
            let _ = self.log_in(EMAIL, OTHER_PASSWORD);
        }
        assert!(wait_ms(self.log_in_from("203.0.113.9", None, EMAIL, PASSWORD)).is_some());
    }
}

#[test]
fn a_device_token_has_256_bits_and_only_its_hash_is_kept() {
    let (bank, _) = Bank::with_ada();
    let token = bank.device(EMAIL);
    assert_eq!(URL_SAFE_NO_PAD.decode(&token).unwrap().len(), 32);
    assert_ne!(bank.device(EMAIL), token);
    let rows = bank.store.query("SELECT * FROM device_token", &[]);
    let rows = format!("{:?}", rows.unwrap());
    assert!(!rows.contains(&token) && !rows.contains(&format!("{:?}", token.as_bytes())));
}

#[test]
fn a_known_device_is_heard_whatever_strangers_do() {
    let (bank, _) = Bank::with_ada();
    assert!(!bank.compute.known.get(), "a registration");
    let token = bank.device(EMAIL);
    assert!(!bank.compute.known.get(), "a login without a token");
    bank.lock_strangers();
    let strangers = bank.failures();
    for _ in 0..50 {
        bank.clock.pass_ms(100);
        let _ = bank.log_in(EMAIL, OTHER_PASSWORD);
        let logged_in = bank.log_in_with(&token, PASSWORD).unwrap();
        assert_eq!(logged_in.device_token, token, "it keeps its token");
        assert!(bank.compute.known.get());
    }
    assert_eq!(bank.store.count("device_token"), 1);
    assert_eq!(bank.failures(), strangers, "and clears no stranger's count");
}

#[test]
fn a_device_s_own_failures_delay_only_this_device() {
    let (bank, _) = Bank::with_ada();
    let (token, other) = (bank.device(EMAIL), bank.device(EMAIL));
    for _ in 0..4 {
        let refused = bank.log_in_with(&token, OTHER_PASSWORD).err();
        assert_eq!(refused, Some(AuthError::InvalidCredentials));
    }
    assert_eq!(wait_ms(bank.log_in_with(&token, PASSWORD)), Some(3_000));
    assert_eq!((bank.failures_by("device"), bank.failures()), (4, 0));
    bank.log_in_with(&other, PASSWORD).unwrap();
    bank.log_in(EMAIL, PASSWORD).unwrap();
    bank.clock.pass_ms(3_000);
    bank.log_in_with(&token, PASSWORD).unwrap();
    assert_eq!(bank.failures_by("device"), 0);
}

#[test]
fn a_token_that_is_not_valid_has_no_effect() {
    let (bank, _) = Bank::with_ada();
    bank.register(BOB);
    let (others, expired) = (bank.device(BOB), bank.device(EMAIL));
    bank.clock.pass_ms(180 * DAY_MS);
    bank.log_in_with(&expired, PASSWORD).unwrap();
    bank.clock.pass_ms(1);
    let unknown = URL_SAFE_NO_PAD.encode([7; 32]);
    let too_long = "x".repeat(60_000);
    let tokens = rows! { &others, &expired, &unknown, "", "no token", "\u{0}", &too_long };
    for token in tokens {
        let logged_in = bank.log_in_with(token, PASSWORD).unwrap();
        assert_ne!(logged_in.device_token, token);
        assert!(!bank.compute.known.get(), "{token}");
    }
    bank.lock_strangers();
    for token in tokens {
        assert!(wait_ms(bank.log_in_with(token, PASSWORD)).is_some());
    }
    assert_eq!(bank.failures_by("device"), 0);
}

#[test]
fn a_user_has_so_many_tokens_and_the_oldest_go() {
    let (bank, _) = Bank::with_ada();
    bank.register(BOB);
    let bobs = bank.device(BOB);
    let mut tokens = Vec::new();
    for _ in 0..22 {
        bank.clock.pass_ms(1);
        tokens.push(bank.device(EMAIL));
    }
    assert_eq!(bank.store.count("device_token"), 21);
    let is_kept = |email, token: &str| {
        let found = bank.known_device(email, Some(token));
        found.unwrap().is_some()
    };
    let kept: Vec<_> = tokens.iter().map(|token| is_kept(EMAIL, token)).collect();
    assert_eq!(kept, [[false; 2].as_slice(), &[true; 20]].concat());
    assert!(is_kept(BOB, &bobs));
}

#[test]
fn the_tick_deletes_expired_tokens() {
    let (bank, _) = Bank::with_ada();
    bank.device(EMAIL);
    bank.clock.pass_ms(1);
    let token = bank.device(EMAIL);
    bank.clock.pass_ms(180 * DAY_MS);
    bank.forget_old_devices().unwrap();
    assert_eq!(bank.store.count("device_token"), 1);
    bank.log_in_with(&token, PASSWORD).unwrap();
    bank.store.take_endings();
    bank.forget_old_devices().unwrap();
    assert_eq!(bank.store.take_endings(), [], "nothing to do");
}

#[test]
fn a_new_password_and_disabling_end_a_user_s_tokens_and_a_new_role_does_not() {
    let (bank, user) = Bank::with_ada();
    bank.register(BOB);
    bank.device(BOB);
    bank.device(EMAIL);
    bank.change(&user, r#"{"role":"teller"}"#).unwrap();
    assert_eq!(bank.store.count("device_token"), 2);
    bank.change(&user, DISABLE).unwrap();
    assert_eq!(bank.store.count("device_token"), 1);
    let enabled = r#"{"role":"customer","disabled":false}"#;
    bank.change(&user, enabled).unwrap();
    bank.device(EMAIL);
    let changed = bank.change_password(&user, PASSWORD, OTHER_PASSWORD);
    assert_eq!((changed, bank.store.count("device_token")), (Ok(()), 1));
}

#[test]
fn a_login_goes_on_where_its_token_cannot_be_kept() {
    let (bank, user) = Bank::with_ada();
    bank.store.crash_at("INSERT ON device_token");
    assert_eq!(bank.device(EMAIL).len(), 43);
    bank.store.end_crash();
    // A new password has overtaken the login.
    bank.store.execute("UPDATE user SET security_version = 2");
    assert_eq!(bank.new_device_token(&user).len(), 43);
    assert_eq!(bank.store.count("device_token"), 0);
}
