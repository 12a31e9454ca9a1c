//! `/api/auth`: the shape of each call. What passwords, addresses and attempts are accepted, the
//! tests of `components/auth` say.

use strongroom_tests::bank::{PASSWORD, UNKNOWN_ID, new_email, new_key};
use strongroom_tests::{Bank, Person, Value, assert_json, json, refusals, text};

const NEW_PASSWORD: &str = "nine llamas paint the quay";

#[tokio::test]
async fn post_register() {
    let bank = Bank::shared().await;
    let email = new_email();
    let body = json!({"email": email, "password": PASSWORD, "name": "Ada Okafor"});
    let user = bank.post("/api/auth/register", &body).await.expect(201);
    assert_json!(user, {"email": email, "name": "Ada Okafor", "role": "customer"});
    assert_is_user(&user);
    let nameless = bank.register(&new_email(), PASSWORD).await.expect(201);
    assert_json!(nameless, {"name": null});
    let (client, upper, free) = (bank.client(), email.to_uppercase(), new_email());
    refusals! {
        client => POST "/api/auth/register" {"email": upper, "password": PASSWORD}
            => 409 "email_taken";
        client => POST "/api/auth/register" {"email": free, "password": "fourteen chars"}
            => 422 "password_too_short" "/password";
        client => POST "/api/auth/register" {"email": free, "password": PASSWORD, "role": "admin"}
            => 422 "validation_failed" "/role";
    }
    bank.login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn post_register_and_users_again_with_the_same_key() {
    let bank = Bank::shared().await;
    let (admin, key) = (bank.admin().await, new_key());
    for (client, path) in [
        (&bank.client(), "/api/auth/register"),
        (&*admin, "/api/auth/users"),
    ] {
        let mut body = json!({"email": new_email(), "password": PASSWORD});
        if path.ends_with("users") {
            body["role"] = json!("teller");
        }
        let made = client.post(path).key(&key).json(&body).await;
        let again = client.post(path).key(&key).json(&body).await;
        assert_eq!((made.replayed(), again.replayed()), (false, true), "{path}");
        assert_eq!(again.expect(201), made.expect(201));
        body["name"] = json!("Ada");
        let other = client.post(path).key(&key).json(&body).await;
        other.refused(422, "idempotency_key_reused");
        let unkeyed = client.post(path).json(&body).await;
        unkeyed.refused(409, "email_taken");
    }
}

#[tokio::test]
async fn post_login() {
    let bank = Bank::shared().await;
    let email = new_email();
    let user = bank.register(&email, PASSWORD).await.expect(201);
    let answer = bank.login(&email, PASSWORD).await;
    let kept = answer.header("cache-control").unwrap_or_default();
    assert!(kept.contains("no-store"), "RFC 6749 section 5.1: {kept}");
    let session = answer.expect(200);
    assert_json!(session, {"user": user, "auth": {"token_type": "Bearer"}});
    assert_is_auth(&session["auth"]);
    assert_json!(session, session["auth"]);
    assert_eq!(text(&session["device_token"]).len(), 43, "256 bits");
    // An email address has no case, and each login is a session of its own.
    let again = bank.login(&email.to_uppercase(), PASSWORD).await;
    let again = again.expect(200);
    assert_eq!(again["user"], user);
    assert_ne!(again["refresh_token"], session["refresh_token"]);
    let client = bank.client();
    refusals! {
        client => POST "/api/auth/login" {"password": PASSWORD}
            => 422 "validation_failed" "/email";
        client => POST "/api/auth/login" {"email": email, "password": PASSWORD, "totp": "123456"}
            => 422 "validation_failed" "/totp";
    }
}

#[tokio::test]
async fn post_login_invalid_credentials() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let wrong_password = bank.login(&customer.email, "not the right password").await;
    wrong_password.refused(401, "invalid_credentials");
    let unknown_email = bank.login(&new_email(), "not the right password").await;
    // It does not show who has an account.
    let [one, other] = [&wrong_password, &unknown_email].map(|answer| answer.problem_without(&[]));
    assert_eq!(one, other);
}

#[tokio::test]
async fn post_login_too_many_attempts() {
    let bank = Bank::shared().await;
    let (target, other) = (bank.customer().await, bank.customer().await);
    let mut guesses = 0;
    let refused = loop {
        let answer = bank.login(&target.email, "a guess and nothing more").await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(401, "invalid_credentials");
        guesses += 1;
        assert!(guesses < 100, "at most 100 guesses are heard");
    };
    refused.refused(429, "too_many_attempts");
    let wait = refused.header("retry-after").unwrap_or_default();
    assert!(wait.parse::<u64>().is_ok_and(|it| it >= 1), "{wait}");
    let locked = bank.login(&target.email, PASSWORD).await;
    locked.refused(429, "too_many_attempts");
    bank.login(&other.email, PASSWORD).await.expect(200);
    target.read("/api/auth/me").await;
}

#[tokio::test]
async fn post_logout() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let other_session = customer.log_in_again().await;
    customer.post("/api/auth/logout").await.expect_no_content();
    customer.get("/api/auth/me").await.bad_token();
    let user = other_session.read("/api/auth/me").await;
    assert_json!(user, {"id": customer.id, "email": customer.email});
    assert_is_user(&user);
}

#[tokio::test]
async fn post_password() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let refused = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        customer.post("/api/auth/password").json(&body).await
    };
    let wrong = refused("this is not the one", NEW_PASSWORD).await;
    wrong.refused(403, "invalid_credentials");
    customer.change_password(NEW_PASSWORD).await;
    let old = bank.login(&customer.email, PASSWORD).await;
    old.refused(401, "invalid_credentials");
    bank.login(&customer.email, NEW_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn post_and_get_users() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    for role in ["teller", "auditor", "admin"] {
        let email = new_email();
        let body = json!({"email": email, "password": PASSWORD, "role": role});
        let user = admin.post("/api/auth/users").json(&body).await.expect(201);
        assert_json!(user, {"email": email, "role": role});
        assert_is_user(&user);
        let session = bank.login(&email, PASSWORD).await.expect(200);
        assert_json!(session["user"], {"id": user["id"], "email": email, "role": role});
    }
    let free = new_email();
    refusals! {
        admin => POST "/api/auth/users"
            {"email": customer.email, "password": PASSWORD, "role": "teller"} => 409 "email_taken";
        admin => POST "/api/auth/users"
            {"email": free, "password": PASSWORD, "role": "owner"}
            => 422 "validation_failed" "/role";
        admin => GET "/api/auth/users/{UNKNOWN_ID}" => 404 "not_found";
    }
    let user = admin.read(&customer.path()).await;
    assert_json!(user, {"email": customer.email, "disabled": false});
    let found = format!("/api/auth/users?query={}", customer.email);
    assert_eq!(admin.all(&found).await, std::slice::from_ref(&user));
    let listed = admin.all("/api/auth/users?limit=20").await;
    assert_eq!(listed.iter().filter(|one| **one == user).count(), 1);
    listed.iter().for_each(assert_is_user);
}

#[tokio::test]
async fn patch_users_id() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    let path = customer.path();
    refusals! {
        admin => PATCH "{path}" {"role": "owner"} => 422 "validation_failed" "/role";
        admin => PATCH "{path}" {"disabled": "yes"} => 422 "validation_failed" "/disabled";
        admin => PATCH "{path}" {"id": customer.id} => 422 "validation_failed" "/id";
        admin => PATCH "/api/auth/users/{UNKNOWN_ID}" {"disabled": true} => 404 "not_found";
    }
    let change = async |change: Value| admin.change_user(&customer, &change).await;
    change(json!({"disabled": true})).await;
    customer.get("/api/auth/me").await.bad_token();
    let login = bank.login(&customer.email, PASSWORD).await;
    login.refused(401, "invalid_credentials");
    let refresh = bank.refresh(&customer.refresh_token).await;
    refresh.refused(400, "invalid_grant");

    let enabled = change(json!({"disabled": false})).await;
    assert_eq!(enabled["role"], "customer");
    let client = bank.client();
    let session = Person::log_in(&client, &customer.email, PASSWORD).await;
    session.read("/api/auth/me").await;
    customer.get("/api/auth/me").await.bad_token();
    let changed = change(json!({"role": "auditor"})).await;
    assert_eq!(changed["role"], "auditor");
    assert_eq!(admin.read(&path).await, changed);
}

#[tokio::test]
async fn patch_me_and_metadata() {
    let bank = Bank::shared().await;
    let (admin, email) = (bank.admin().await, new_email());
    let body = json!({"email": email, "password": PASSWORD, "metadata": {"crm": "7"}});
    let user = bank.post("/api/auth/register", &body).await.expect(201);
    assert_json!(user, {"metadata": {"crm": "7"}});
    let customer = Person::log_in(&bank.client(), &email, PASSWORD).await;
    let change = json!({"name": "Ada", "metadata": {"crm": null, "theme": "dark"}});
    let changed = customer.patch("/api/auth/me").json(&change).await;
    let changed = changed.expect(200);
    assert_json!(changed, {"name": "Ada"});
    assert_eq!(changed["metadata"], json!({"theme": "dark"}));
    assert_is_user(&changed);
    assert_eq!(customer.read("/api/auth/me").await, changed);
    let none = json!({"metadata": null});
    let emptied = admin.change_user(&customer, &none).await;
    assert_eq!(emptied["metadata"], json!({}));
    let path = customer.path();
    refusals! {
        customer => PATCH "/api/auth/me" {"metadata": {"k": 7}}
            => 422 "validation_failed" "/metadata/k";
        customer => PATCH "/api/auth/me" {"role": "admin"} => 422 "validation_failed" "/role";
        customer => PATCH "/api/auth/me" {"name": " "} => 422 "validation_failed" "/name";
        admin => PATCH "{path}" {"name": " "} => 422 "validation_failed" "/name";
    }
}

/// What an administrator does to a user is in the log, with its request.
#[tokio::test]
async fn get_events() {
    let bank = Bank::shared().await;
    let (admin, customer) = (bank.admin().await, bank.customer().await);
    let role = json!({"role": "teller"});
    let promoted = admin.patch(&customer.path()).json(&role).await;
    promoted.expect(200);
    let path = format!("/api/auth/events?user_id={}&limit=1", customer.id);
    for reader in [&admin, &bank.staff("auditor").await] {
        let events = reader.all(&path).await;
        assert_json!(Value::from(events), [{
            "action": "user.role", "old_value": "customer", "new_value": "teller",
            "actor_id": admin.id, "request_id": promoted.header("x-request-id"),
        }]);
    }
    let path = "/api/auth/events?after_sequence=0&limit=1";
    let feed = admin.read(path).await;
    assert_json!(feed, {"next_after_sequence": 1, "has_more": true});
    assert_json!(feed["data"][0], {"sequence": 1, "action": "user.created", "actor_role": "bank"});
    refusals! {
        admin => GET "/api/auth/events?after_sequence=0&limit=1001"
            => 422 "validation_failed" "/limit";
        admin => GET "/api/auth/events?after_sequence=0&user_id=1"
            => 422 "validation_failed" "/user_id";
    }
}

#[track_caller]
fn assert_is_user(user: &Value) {
    assert_eq!(text(&user["id"]).len(), 36, "{user}");
    assert!(text(&user["created_at"]).ends_with('Z'), "{user}");
    let roles = ["customer", "teller", "auditor", "admin"];
    assert!(roles.contains(&text(&user["role"])), "{user}");
    assert!(!user.to_string().contains("argon2"), "no hash: {user}");
}

#[track_caller]
fn assert_is_auth(auth: &Value) {
    assert_eq!(text(&auth["access_token"]).split('.').count(), 3, "a JWT");
    assert_eq!(auth["token_type"], "Bearer");
    let seconds = auth["expires_in"].as_u64().expect("a number");
    assert!((1..=300).contains(&seconds), "{auth}");
    assert!(text(&auth["refresh_token"]).len() >= 22, "128 bits or more");
}
