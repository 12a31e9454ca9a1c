//! Goal: no stranger locks a person out of a device that they have logged in from before, and no
//! token is a way around the count.
//! Method: logins with and without tokens under a set clock, and the rows behind them.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_sdk::json;

const TOKENS: &str = "SELECT 1 FROM device_token";

const DAY_MS: i64 = 24 * 3_600 * 1_000;

impl Scene {
    fn device(&self, email: &str) -> String {
        self.log_in(email, PASSWORD).unwrap().device_token
    }

    fn log_in_with(&self, token: &str, password: &str) -> Result<LoggedIn, AuthError> {
        self.log_in_from(HERE, Some(token), EMAIL, password)
    }

    /// Locks strangers out, here and everywhere.
    fn lock_strangers(&self) {
        for number in 0..110 {
            let address = format!("198.51.{number}.1");
            let _ = self.log_in_from(&address, None, EMAIL, OTHER_PASSWORD);
            let _ = self.log_in(EMAIL, OTHER_PASSWORD);
        }
        assert!(matches!(
            self.log_in_from("203.0.113.9", None, EMAIL, PASSWORD),
            Err(AuthError::TooManyAttempts { .. })
        ));
    }
}

#[test]
fn a_device_token_has_256_bits_and_only_its_hash_is_kept() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let token = scene.device(EMAIL);
    assert_eq!(URL_SAFE_NO_PAD.decode(&token).unwrap().len(), 32);
    assert_ne!(scene.device(EMAIL), token);
    let rows = scene.service.store.query("SELECT * FROM device_token", &[]);
    let rows = format!("{:?}", rows.unwrap());
    assert!(!rows.contains(&token) && !rows.contains(&format!("{:?}", token.as_bytes())));
}

#[test]
fn a_known_device_is_heard_whatever_strangers_do() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let token = scene.device(EMAIL);
    scene.lock_strangers();
    let strangers = scene.failures();
    for _ in 0..50 {
        scene.pass_ms(100);
        let _ = scene.log_in(EMAIL, OTHER_PASSWORD);
        let logged_in = scene.log_in_with(&token, PASSWORD).unwrap();
        assert_eq!(logged_in.device_token, token, "it keeps its token");
    }
    assert_eq!(scene.count(TOKENS), 1);
    assert_eq!(
        scene.failures(),
        strangers,
        "and clears no stranger's count"
    );
}

#[test]
fn a_device_s_own_failures_delay_it_and_nobody_else() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let (token, other) = (scene.device(EMAIL), scene.device(EMAIL));
    for _ in 0..4 {
        assert_eq!(
            scene.log_in_with(&token, OTHER_PASSWORD).err(),
            Some(AuthError::InvalidCredentials)
        );
    }
    assert_eq!(
        scene.log_in_with(&token, PASSWORD).err(),
        Some(AuthError::TooManyAttempts { wait_ms: 3_000 })
    );
    assert_eq!((scene.failures_by("device"), scene.failures()), (4, 0));
    scene.log_in_with(&other, PASSWORD).unwrap();
    scene.log_in(EMAIL, PASSWORD).unwrap();
    scene.pass_ms(3_000);
    scene.log_in_with(&token, PASSWORD).unwrap();
    assert_eq!(scene.failures_by("device"), 0);
}

#[test]
fn a_token_that_is_not_valid_counts_like_none() {
    let scene = Scene::new();
    scene.register(EMAIL);
    scene.register("bob@example.org");
    let others = scene.device("bob@example.org");
    let expired = scene.device(EMAIL);
    scene.pass_ms(180 * DAY_MS);
    scene.log_in_with(&expired, PASSWORD).unwrap();
    scene.pass_ms(1);
    let unknown = URL_SAFE_NO_PAD.encode([7; 32]);
    let too_long = "x".repeat(60_000);
    let tokens = [
        &others, &expired, &unknown, "", "no token", "\u{0}", &too_long,
    ];
    for token in tokens {
        let logged_in = scene.log_in_with(token, PASSWORD).unwrap();
        assert_ne!(logged_in.device_token, token);
    }
    scene.lock_strangers();
    for token in tokens {
        assert!(matches!(
            scene.log_in_with(token, PASSWORD),
            Err(AuthError::TooManyAttempts { .. })
        ));
    }
    assert_eq!(scene.failures_by("device"), 0);
}

#[test]
fn a_user_has_so_many_tokens_and_the_oldest_go() {
    let scene = Scene::new();
    scene.register(EMAIL);
    scene.register("bob@example.org");
    let bobs = scene.device("bob@example.org");
    let mut tokens = Vec::new();
    for _ in 0..22 {
        scene.pass_ms(1);
        tokens.push(scene.device(EMAIL));
    }
    assert_eq!(scene.count(TOKENS), 21);
    let is_kept = |token: &str| {
        let found = scene.service.known_device(EMAIL, Some(token)).unwrap();
        found.is_some()
    };
    let kept: Vec<_> = tokens.iter().map(|token| is_kept(token)).collect();
    assert_eq!(kept, [[false; 2].as_slice(), &[true; 20]].concat());
    let found = scene.service.known_device("bob@example.org", Some(&bobs));
    assert!(found.unwrap().is_some());
}

#[test]
fn the_tick_deletes_expired_tokens() {
    let scene = Scene::new();
    scene.register(EMAIL);
    scene.device(EMAIL);
    scene.pass_ms(1);
    let token = scene.device(EMAIL);
    scene.pass_ms(180 * DAY_MS);
    scene.service.forget_old_devices().unwrap();
    assert_eq!(scene.count(TOKENS), 1);
    scene.log_in_with(&token, PASSWORD).unwrap();
    scene.service.store.take_endings();
    scene.service.forget_old_devices().unwrap();
    assert_eq!(scene.service.store.take_endings(), [], "nothing to do");
}

#[test]
fn a_new_password_and_disabling_end_a_user_s_tokens_and_a_new_role_does_not() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene.register("bob@example.org");
    scene.device("bob@example.org");
    scene.device(EMAIL);
    scene.change(&user, r#"{"role":"teller"}"#).unwrap();
    assert_eq!(scene.count(TOKENS), 2);
    scene.change(&user, r#"{"disabled":true}"#).unwrap();
    assert_eq!(scene.count(TOKENS), 1);
    scene
        .change(&user, r#"{"role":"customer","disabled":false}"#)
        .unwrap();
    scene.device(EMAIL);
    let change = crate::PasswordChange {
        current_password: PASSWORD.to_owned(),
        new_password: OTHER_PASSWORD.to_owned(),
    };
    scene
        .service
        .change_password(&identity(&user), &change)
        .unwrap();
    assert_eq!(scene.count(TOKENS), 1);
}

#[test]
fn a_login_that_a_new_password_overtook_leaves_no_token() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene
        .execute("UPDATE user SET security_version = 2")
        .unwrap();
    let token = scene.service.new_device_token(&user);
    assert_eq!(scene.count(TOKENS), 0);
    assert_eq!(token.len(), 43);
}

#[test]
fn a_login_stands_where_its_token_cannot_be_kept() {
    let scene = Scene::new();
    scene.register(EMAIL);
    scene
        .execute("CREATE TRIGGER full BEFORE INSERT ON device_token BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    assert_eq!(scene.device(EMAIL).len(), 43);
}

#[test]
fn a_login_has_these_members_and_no_other() {
    let body = r#"{"email":"a","password":"b"MORE}"#;
    for (more, pointer) in [
        ("", None),
        (r#","device_token":"c""#, None),
        (r#","device_token":null"#, None),
        (r#","device_token":7"#, Some("/device_token")),
        (r#","totp":"123456""#, Some("/totp")),
    ] {
        let login = json::from_slice::<Login>(body.replace("MORE", more).as_bytes());
        let refused = login
            .err()
            .map(|problem| problem.errors()[0].pointer.clone());
        assert_eq!(refused.as_deref(), pointer, "{more}");
    }
}
