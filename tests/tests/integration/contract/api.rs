//! What all calls have in common, and what the gateway itself answers.

use strongroom_tests::{Bank, refusals};

#[tokio::test]
async fn the_smallest_component_is_served_without_a_token_under_an_id_of_the_host() {
    let bank = Bank::shared().await;
    let answer = bank.client().get("/api/hello").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("text/plain"), "{kind}");
    assert!(answer.header("x-request-id").is_some());
    let own = bank.client().get("/api/hostile/own-request-id").await;
    assert_eq!(own.text(), "fine");
    assert_ne!(own.header("x-request-id"), Some("chosen-by-the-component"));
}

#[tokio::test]
async fn what_no_service_has_is_404_and_a_wrong_method_405() {
    let bank = Bank::shared().await;
    let (client, customer) = (bank.client(), bank.customer().await);
    refusals! {
        client => GET "/" => 404 "no_such_service";
        client => GET "/api" => 404 "no_such_service";
        client => GET "/api/nowhere/at/all" => 404 "no_such_service";
        client => GET "/health" => 404 "no_such_service";
        client => GET "/API/hello" => 404 "no_such_service";
        client => GET "/api/Hello" => 404 "no_such_service";
        customer => GET "/api/auth/nothing" => 404 "not_found";
        customer => GET "/api/transactions/send/nothing/at/all" => 404 "not_found";
    }
    for (method, path, allowed) in [
        ("GET", "/api/auth/register", &["POST"][..]),
        ("DELETE", "/api/auth/me", &["GET"]),
        ("POST", "/api/token/jwks", &["GET"]),
        ("DELETE", "/api/accounts", &["GET", "POST"]),
        ("PATCH", "/api/transactions/transfer", &["POST"]),
    ] {
        let answer = customer.call(method, path).await;
        answer.problem(405);
        let allow = answer.header("allow").unwrap_or_default();
        for method in allowed {
            let mut allow = allow.split(',').map(str::trim);
            assert!(allow.any(|one| one == *method), "{path}: {method}");
        }
    }
}
