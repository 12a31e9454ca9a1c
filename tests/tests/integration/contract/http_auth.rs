//! Section 4: `/api/auth`.

use strongroom_tests::bank::{PASSWORD, new_email, text};
use strongroom_tests::{Bank, Person, Value, json};

#[tokio::test]
async fn post_register() {
    let bank = Bank::shared().await;
    let email = new_email();
    let body = json!({"email": email, "password": PASSWORD, "name": "Ada Okafor"});
    let user = bank
        .client()
        .post("/api/auth/register")
        .json(&body)
        .await
        .expect(201);
    assert_eq!(user["email"], email);
    assert_eq!(user["name"], "Ada Okafor");
    assert_eq!(user["role"], "customer");
    assert_is_user(&user);
}

#[tokio::test]
async fn post_register_without_a_name() {
    let bank = Bank::shared().await;
    let user = bank.register(&new_email(), PASSWORD).await.expect(201);
    assert!(user["name"].is_null(), "{user}");
}

#[tokio::test]
async fn post_register_email_taken() {
    let bank = Bank::shared().await;
    let email = new_email();
    bank.register(&email, PASSWORD).await.expect(201);
    bank.register(&email, "another password altogether")
        .await
        .refused(409, "email_taken");
    bank.register(&email.to_uppercase(), PASSWORD)
        .await
        .refused(409, "email_taken");
    bank.login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn post_register_password_too_short() {
    let bank = Bank::shared().await;
    let email = new_email();
    bank.register(&email, "fourteen chars")
        .await
        .refused(422, "password_too_short");
    bank.register(&email, "")
        .await
        .refused(422, "password_too_short");
    // Characters are counted, not bytes: fourteen of them in 28 bytes.
    bank.register(&email, &"é".repeat(14))
        .await
        .refused(422, "password_too_short");
    bank.register(&email, "fifteen  chars!").await.expect(201);
}

#[tokio::test]
async fn post_register_password_blocked() {
    let bank = Bank::shared().await;
    let body = |email: &str, name: &str, password: &str| json!({"email": email, "password": password, "name": name});
    let blocked = [
        body(&new_email(), "Zoe", "passwordpassword"),
        body(&new_email(), "Zoe", "111111111111111"),
        body(
            "bartholomew.longfellow.77@example.org",
            "Zoe",
            "bartholomew.longfellow.77",
        ),
        body(
            &new_email(),
            "Bartholomew Longfellow",
            "Bartholomew Longfellow",
        ),
    ];
    for registration in blocked {
        let answer = bank
            .client()
            .post("/api/auth/register")
            .json(&registration)
            .await;
        assert_eq!(answer.status, 422, "{registration}");
        answer.refused(422, "password_blocked");
    }
}

#[tokio::test]
async fn post_register_takes_a_password_as_it_is() {
    let bank = Bank::shared().await;
    let passwords = [
        "all lower case and long",
        "  spaces at both ends are kept  ",
        "ein Schlüssel für 🗝️ und 🏦",
        &format!("long {}", "tram-lark-oboe ".repeat(8)),
    ];
    for password in passwords {
        let email = new_email();
        bank.register(&email, password).await.expect(201);
        bank.login(&email, password).await.expect(200);
        let trimmed = password.trim();
        if trimmed != password {
            bank.login(&email, trimmed)
                .await
                .refused(401, "invalid_credentials");
        }
    }
}

#[tokio::test]
async fn post_register_tells_long_passwords_apart() {
    let bank = Bank::shared().await;
    let email = new_email();
    let password = |end: &str| format!("{}{end}", "quartz-wombat-8 ".repeat(5));
    bank.register(&email, &password("a")).await.expect(201);
    bank.login(&email, &password("b"))
        .await
        .refused(401, "invalid_credentials");
    bank.login(&email, &password("a")).await.expect(200);
}

#[tokio::test]
async fn post_register_validation_failed() {
    let bank = Bank::shared().await;
    let register = async |body: Value| bank.client().post("/api/auth/register").json(&body).await;
    for email in [
        "",
        "nobody",
        "@example.org",
        "a b@example.org",
        "a@",
        "a@b@c.org",
    ] {
        register(json!({"email": email, "password": PASSWORD}))
            .await
            .invalid("/email");
    }
    register(json!({"email": format!("{}@example.org", "x".repeat(300)), "password": PASSWORD}))
        .await
        .invalid("/email");
    register(json!({"password": PASSWORD}))
        .await
        .invalid("/email");
    register(json!({"email": new_email()}))
        .await
        .invalid("/password");
    register(json!({"email": new_email(), "password": 123_456_789_012_345_u64}))
        .await
        .invalid("/password");
    register(json!({"email": new_email(), "password": PASSWORD, "name": ["Ada"]}))
        .await
        .invalid("/name");
}

#[tokio::test]
async fn post_login() {
    let bank = Bank::shared().await;
    let email = new_email();
    let user = bank.register(&email, PASSWORD).await.expect(201);
    let session = bank.login(&email, PASSWORD).await.expect(200);
    assert_eq!(session["user"], user);
    assert_is_auth(&session["auth"]);
    for (name, value) in session["auth"].as_object().expect("an object") {
        assert_eq!(&session[name], value, "{name} stands beside the user too");
    }
    let again = bank
        .login(&email.to_uppercase(), PASSWORD)
        .await
        .expect(200);
    assert_eq!(again["user"], user, "an email address has no case");
    assert_ne!(
        again["auth"]["refresh_token"], session["auth"]["refresh_token"],
        "each login is a session of its own"
    );
}

#[tokio::test]
async fn post_login_is_never_cached() {
    let bank = Bank::shared().await;
    let email = new_email();
    bank.register(&email, PASSWORD).await.expect(201);
    let answer = bank.login(&email, PASSWORD).await;
    assert!(
        answer
            .header("cache-control")
            .is_some_and(|value| value.contains("no-store")),
        "RFC 6749 section 5.1"
    );
}

#[tokio::test]
async fn post_login_invalid_credentials() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let wrong_password = bank.login(&customer.email, "not the right password").await;
    wrong_password.refused(401, "invalid_credentials");
    let unknown_email = bank.login(&new_email(), "not the right password").await;
    unknown_email.refused(401, "invalid_credentials");
    assert_eq!(
        wrong_password.problem_without(&[]),
        unknown_email.problem_without(&[]),
        "nobody learns who has an account"
    );
}

#[tokio::test]
async fn post_login_too_many_attempts() {
    let bank = Bank::shared().await;
    let (target, other) = (bank.customer().await, bank.customer().await);
    let mut refused = None;
    for _attempt in 0..100 {
        let answer = bank.login(&target.email, "a guess and nothing more").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.refused(401, "invalid_credentials");
    }
    let refused = refused.expect("at most 100 guesses are heard");
    refused.refused(429, "too_many_attempts");
    let wait = refused
        .header("retry-after")
        .expect("it says when to come back");
    assert!(
        wait.parse::<u64>().is_ok_and(|seconds| seconds >= 1),
        "retry-after: {wait}"
    );
    bank.login(&target.email, PASSWORD)
        .await
        .refused(429, "too_many_attempts");
    bank.login(&other.email, PASSWORD).await.expect(200);
    target.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn post_login_from_a_known_device_while_strangers_guess() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let login = async |device_token: Value, password: &str| {
        let body =
            json!({"email": customer.email, "password": password, "device_token": device_token});
        bank.client().post("/api/auth/login").json(&body).await
    };
    let session = login(Value::Null, PASSWORD).await.expect(200);
    let token = session["device_token"].clone();
    assert_eq!(text(&token).len(), 43, "256 bits in base64url");
    for _guess in 0..10 {
        login(Value::Null, "a guess and nothing more").await;
    }
    let unknown = json!("0123456789abcdefghijklmnopqrstuvwxyzABCDEFG");
    for stranger in [Value::Null, unknown, json!("")] {
        login(stranger, PASSWORD)
            .await
            .refused(429, "too_many_attempts");
    }
    let again = login(token.clone(), PASSWORD).await.expect(200);
    assert_eq!(again["device_token"], token);
    login(json!(7), PASSWORD).await.invalid("/device_token");
}

#[tokio::test]
async fn post_login_validation_failed() {
    let bank = Bank::shared().await;
    let login = async |body: Value| bank.client().post("/api/auth/login").json(&body).await;
    login(json!({"password": PASSWORD})).await.invalid("/email");
    login(json!({"email": new_email()}))
        .await
        .invalid("/password");
    login(json!({"email": 7, "password": PASSWORD}))
        .await
        .invalid("/email");
    login(json!({"email": new_email(), "password": PASSWORD, "remember": true}))
        .await
        .invalid("/remember");
    login(json!({"email": new_email(), "password": PASSWORD, "totp": "123456"}))
        .await
        .invalid("/totp");
}

#[tokio::test]
async fn post_logout() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let other_session = customer.log_in_again().await;
    customer.post("/api/auth/logout").await.expect_no_content();
    customer.get("/api/auth/me").await.bad_token();
    other_session.get("/api/auth/me").await.expect(200);
}

#[tokio::test]
async fn get_me() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let user = customer.get("/api/auth/me").await.expect(200);
    assert_eq!(user["id"], customer.id);
    assert_eq!(user["email"], customer.email);
    assert_is_user(&user);
}

#[tokio::test]
async fn post_password() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let change =
        json!({"current_password": PASSWORD, "new_password": "nine llamas paint the quay"});
    customer
        .post("/api/auth/password")
        .json(&change)
        .await
        .expect_no_content();
    bank.login(&customer.email, PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    bank.login(&customer.email, "nine llamas paint the quay")
        .await
        .expect(200);
}

#[tokio::test]
async fn post_password_with_the_wrong_current_one() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let change = json!({"current_password": "this is not the one", "new_password": "nine llamas paint the quay"});
    let answer = customer.post("/api/auth/password").json(&change).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    answer.refused(answer.status, "invalid_credentials");
    bank.login(&customer.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn post_password_keeps_the_rules_for_passwords() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let change = async |new: &str| {
        let body = json!({"current_password": PASSWORD, "new_password": new});
        customer.post("/api/auth/password").json(&body).await
    };
    change("fourteen chars")
        .await
        .refused(422, "password_too_short");
    change("passwordpassword")
        .await
        .refused(422, "password_blocked");
    change(&customer.email)
        .await
        .refused(422, "password_blocked");
    bank.login(&customer.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn post_users() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    for role in ["teller", "auditor", "admin"] {
        let email = new_email();
        let body = json!({"email": email, "password": PASSWORD, "role": role});
        let user = admin.post("/api/auth/users").json(&body).await.expect(201);
        assert_eq!(
            (&user["email"], &user["role"]),
            (&json!(email), &json!(role))
        );
        assert_is_user(&user);
        let session = bank.login(&email, PASSWORD).await.expect(200);
        assert_eq!(session["user"]["role"], role);
    }
}

#[tokio::test]
async fn post_users_errors() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let create = async |body: Value| admin.post("/api/auth/users").json(&body).await;
    let customer = bank.customer().await;
    create(json!({"email": customer.email, "password": PASSWORD, "role": "teller"}))
        .await
        .refused(409, "email_taken");
    create(json!({"email": new_email(), "password": "too short", "role": "teller"}))
        .await
        .refused(422, "password_too_short");
    create(json!({"email": new_email(), "password": PASSWORD, "role": "owner"}))
        .await
        .invalid("/role");
    create(json!({"email": new_email(), "password": PASSWORD}))
        .await
        .invalid("/role");
}

#[tokio::test]
async fn get_users() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let customers = [
        bank.customer().await,
        bank.customer().await,
        bank.customer().await,
    ];
    let listed = admin.all("/api/auth/users?limit=2").await;
    for customer in &customers {
        assert_eq!(
            listed
                .iter()
                .filter(|user| user["id"] == customer.id)
                .count(),
            1,
            "each once, over pages of two"
        );
    }
    listed.iter().for_each(assert_is_user);
}

#[tokio::test]
async fn get_users_searches() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let found = bank
        .admin()
        .await
        .all(&format!("/api/auth/users?q={}", customer.email))
        .await;
    let ids: Vec<&str> = found.iter().map(|user| text(&user["id"])).collect();
    assert_eq!(ids, [customer.id.as_str()]);
}

#[tokio::test]
async fn get_users_id() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let user = bank
        .admin()
        .await
        .get(&format!("/api/auth/users/{}", customer.id))
        .await
        .expect(200);
    assert_eq!(user["email"], customer.email);
    assert_is_user(&user);
}

#[tokio::test]
async fn get_users_id_unknown() {
    let bank = Bank::shared().await;
    bank.admin()
        .await
        .get("/api/auth/users/01890000-0000-7000-8000-000000000000")
        .await
        .problem(404);
}

#[tokio::test]
async fn patch_users_id_disables_and_enables() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    let path = format!("/api/auth/users/{}", customer.id);
    admin
        .patch(&path)
        .json(&json!({"disabled": true}))
        .await
        .expect(200);
    customer.get("/api/auth/me").await.bad_token();
    bank.login(&customer.email, PASSWORD)
        .await
        .refused(401, "invalid_credentials");
    let refresh = json!({"refresh_token": customer.refresh_token});
    bank.client()
        .post("/api/token/refresh")
        .json(&refresh)
        .await
        .refused(400, "invalid_grant");

    admin
        .patch(&path)
        .json(&json!({"disabled": false}))
        .await
        .expect(200);
    Person::log_in(&bank.client(), &customer.email, PASSWORD)
        .await
        .get("/api/auth/me")
        .await
        .expect(200);
    customer.get("/api/auth/me").await.bad_token();
}

#[tokio::test]
async fn patch_users_id_changes_the_role() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    let path = format!("/api/auth/users/{}", customer.id);
    let user = admin
        .patch(&path)
        .json(&json!({"role": "auditor"}))
        .await
        .expect(200);
    assert_eq!(user["role"], "auditor");
    assert_eq!(admin.get(&path).await.expect(200)["role"], "auditor");
}

#[tokio::test]
async fn patch_users_id_errors() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    let path = format!("/api/auth/users/{}", customer.id);
    admin
        .patch(&path)
        .json(&json!({"role": "owner"}))
        .await
        .invalid("/role");
    admin
        .patch(&path)
        .json(&json!({"disabled": "yes"}))
        .await
        .invalid("/disabled");
    admin
        .patch(&path)
        .json(&json!({"id": customer.id}))
        .await
        .invalid("/id");
    let unknown = "/api/auth/users/01890000-0000-7000-8000-000000000000";
    admin
        .patch(unknown)
        .json(&json!({"disabled": true}))
        .await
        .problem(404);
    assert_eq!(admin.get(&path).await.expect(200)["role"], "customer");
}

#[tokio::test]
async fn patch_users_id_of_the_caller() {
    let bank = Bank::shared().await;
    let admin = bank.staff("admin").await;
    let path = format!("/api/auth/users/{}", admin.id);
    for change in [json!({"role": "teller"}), json!({"disabled": true})] {
        let answer = admin.patch(&path).json(&change).await;
        answer.refused(403, "own_account");
    }
    let renamed = admin.patch(&path).json(&json!({"name": "Ada"})).await;
    assert_eq!(renamed.expect(200)["role"], "admin");
}

#[track_caller]
fn assert_is_user(user: &Value) {
    assert_eq!(text(&user["id"]).len(), 36, "{user}");
    assert!(text(&user["created_at"]).ends_with('Z'), "{user}");
    assert!(
        ["customer", "teller", "auditor", "admin"].contains(&text(&user["role"])),
        "{user}"
    );
    assert!(
        !user.to_string().contains("argon2"),
        "no hash leaves the bank: {user}"
    );
}

#[track_caller]
fn assert_is_auth(auth: &Value) {
    assert_eq!(text(&auth["access_token"]).split('.').count(), 3, "a JWT");
    assert_eq!(auth["token_type"], "Bearer");
    assert!(
        auth["expires_in"]
            .as_u64()
            .is_some_and(|seconds| (1..=300).contains(&seconds)),
        "{auth}"
    );
    assert!(text(&auth["refresh_token"]).len() >= 22, "128 bits or more");
}
