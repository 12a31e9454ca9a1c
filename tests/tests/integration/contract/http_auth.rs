//! `/api/auth`: the shape of each call. What passwords, addresses and attempts are accepted, the
//! tests of `components/auth` say; what ends sessions, `tokens.rs`; what a repeated request gets,
//! `http_idempotency.rs`.

use strongroom_tests::bank::{PASSWORD, UNKNOWN_ID, new_email};
use strongroom_tests::json::assert_has;
use strongroom_tests::{Bank, Person, Value, assert_json, json, refusals, text, wait_for};

#[tokio::test]
async fn post_register_and_login() {
    let bank = Bank::shared().await;
    let (client, email, free) = (bank.client(), new_email(), new_email());
    let mut body = json!({"email": email, "name": "Ada Okafor", "metadata": {"crm": "7"}});
    let expected = body.clone();
    body["password"] = json!(PASSWORD);
    let user = bank.post("/api/auth/register", &body).await.expect(201);
    assert_has(&user, &expected);
    assert_json!(user, {"role": "customer"});
    let session = bank.login(&email, PASSWORD).await.expect(200);
    assert!(
        !session.to_string().contains("argon2"),
        "no hash: {session}"
    );
    assert_json!(session, {"user": user, "auth": {"token_type": "Bearer"}});
    assert_json!(session, session["auth"]);
    assert_eq!(text(&session["device_token"]).len(), 43, "256 bits");
    // It does not show who has an account.
    let wrong_password = bank.login(&email, "not the right password").await;
    wrong_password.refused(401, "invalid_credentials");
    let unknown_email = bank.login(&free, "not the right password").await;
    let [one, other] = [&wrong_password, &unknown_email].map(|answer| answer.problem_without(&[]));
    assert_eq!(one, other);
    refusals! {
        client => POST "/api/auth/register" {"email": email.to_uppercase(), "password": PASSWORD}
            => 409 "email_taken";
        client => POST "/api/auth/register" {"email": free, "password": "fourteen chars"}
            => 422 "password_too_short" "/password";
        client => POST "/api/auth/register" {"email": free, "password": PASSWORD, "role": "admin"}
            => 422 "validation_failed" "/role";
        client => POST "/api/auth/login" {"password": PASSWORD}
            => 422 "validation_failed" "/email";
        client => POST "/api/auth/login" {"email": email, "password": PASSWORD, "totp": "123456"}
            => 422 "validation_failed" "/totp";
    }
}

#[tokio::test]
async fn post_login_too_many_attempts() {
    let bank = Bank::shared().await;
    let target = bank.customer().await;
    let refused = wait_for("a guess that is not heard", 60, async || {
        let answer = bank.login(&target.email, "a guess and nothing more").await;
        (answer.status != 401).then_some(answer)
    })
    .await;
    refused.refused(429, "too_many_attempts");
    let wait = refused.header("retry-after").unwrap_or_default();
    assert!(wait.parse::<u64>().is_ok_and(|it| it >= 1), "{wait}");
    target.read("/api/auth/me").await;
}

#[tokio::test]
async fn get_and_patch_me_and_post_password() {
    let customer = Bank::shared().await.customer().await;
    let change = json!({"name": "Ada", "metadata": {"theme": "dark"}});
    let changed = customer.patch("/api/auth/me").json(&change).await;
    let changed = changed.expect(200);
    assert_has(&changed, &change);
    assert_eq!(customer.read("/api/auth/me").await, changed);
    let wrong = json!({
        "current_password": "this is not the one", "new_password": "nine llamas paint the quay",
    });
    refusals! {
        customer => PATCH "/api/auth/me" {"metadata": {"k": 7}}
            => 422 "validation_failed" "/metadata/k";
        customer => PATCH "/api/auth/me" {"role": "admin"} => 422 "validation_failed" "/role";
        customer => PATCH "/api/auth/me" {"name": " "} => 422 "validation_failed" "/name";
        customer => POST "/api/auth/password" (wrong) => 403 "invalid_credentials";
    }
}

/// What an administrator does to a user is in the log, with its request.
#[tokio::test]
async fn post_get_and_patch_users_and_get_events() {
    let bank = Bank::shared().await;
    let (admin, customer, free) = (bank.admin().await, bank.customer().await, new_email());
    let path = customer.path();
    let (taken, owner) = (
        json!({"email": customer.email, "password": PASSWORD, "role": "teller"}),
        json!({"email": free, "password": PASSWORD, "role": "owner"}),
    );
    refusals! {
        admin => POST "/api/auth/users" (taken) => 409 "email_taken";
        admin => POST "/api/auth/users" (owner) => 422 "validation_failed" "/role";
        admin => GET "/api/auth/users/{UNKNOWN_ID}" => 404 "not_found";
        admin => PATCH "/api/auth/users/{UNKNOWN_ID}" {"disabled": true} => 404 "not_found";
        admin => PATCH "{path}" {"role": "owner"} => 422 "validation_failed" "/role";
        admin => PATCH "{path}" {"disabled": "yes"} => 422 "validation_failed" "/disabled";
        admin => PATCH "{path}" {"id": customer.id} => 422 "validation_failed" "/id";
    }
    let user = admin.read(&path).await;
    assert!(!user.to_string().contains("argon2"), "no hash: {user}");
    assert_json!(user, {"email": customer.email, "disabled": false});
    let found = format!("/api/auth/users?query={}", customer.email);
    assert_eq!(admin.all(&found).await, [user]);

    let change = async |change: Value| admin.change_user(&customer, &change).await;
    change(json!({"disabled": true})).await;
    customer.get("/api/auth/me").await.bad_token();
    let login = bank.login(&customer.email, PASSWORD).await;
    login.refused(401, "invalid_credentials");
    let refresh = bank.refresh(&customer.refresh_token).await;
    refresh.refused(400, "invalid_grant");
    change(json!({"disabled": false})).await;
    let session = Person::log_in(&bank.client(), &customer.email, PASSWORD).await;
    session.read("/api/auth/me").await;
    customer.get("/api/auth/me").await.bad_token();

    let role = json!({"role": "teller"});
    let promoted = admin.patch(&path).json(&role).await;
    assert_has(&promoted.expect(200), &role);
    let auditor = bank.staff("auditor").await;
    let events = format!("/api/auth/events?user_id={}&limit=5", customer.id);
    assert_json!(auditor.read(&events).await["data"][0], {
        "action": "user.role", "old_value": "customer", "new_value": "teller",
        "actor_id": admin.id, "request_id": promoted.header("x-request-id"),
    });
    let path = "/api/auth/events?after_sequence=0&limit=1";
    let feed = auditor.read(path).await;
    assert_json!(feed, {"next_after_sequence": 1, "has_more": true});
    assert_json!(feed["data"][0], {"sequence": 1, "action": "user.created", "actor_role": "bank"});
    refusals! {
        admin => GET "/api/auth/events?after_sequence=0&limit=1001"
            => 422 "validation_failed" "/limit";
        admin => GET "/api/auth/events?after_sequence=0&user_id=1"
            => 422 "validation_failed" "/user_id";
    }
}
