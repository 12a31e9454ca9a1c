//! Section 4: what all calls have in common, and what the gateway itself answers.

use strongroom_tests::bank::{PASSWORD, new_email};
use strongroom_tests::{Bank, Value, json};

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let bank = Bank::shared().await;
    let mut seen = Vec::new();
    for path in [
        "/api/hello",
        "/api/hello",
        "/api/auth/me",
        "/api/nowhere",
        "/",
        "/api/token/jwks",
        "/api/token/nothing",
    ] {
        let answer = bank.client().get(path).await;
        let id = answer.header("x-request-id").unwrap_or_default().to_owned();
        assert!(!id.is_empty() && !seen.contains(&id), "{path}: {id:?}");
        seen.push(id);
    }
}

#[tokio::test]
async fn a_component_does_not_choose_the_request_id() {
    let bank = Bank::shared().await;
    let answer = bank.client().get("/api/hostile/own-request-id").await;
    assert_eq!(answer.text(), "fine");
    assert_ne!(
        answer.header("x-request-id"),
        Some("chosen-by-the-component")
    );
}

#[tokio::test]
async fn an_unknown_service_is_404_no_such_service() {
    let bank = Bank::shared().await;
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/nowhere",
        "/api/nowhere/at/all",
        "/health",
        "/API/hello",
        "/api/Hello",
        "/apis/hello",
    ] {
        bank.client()
            .get(path)
            .await
            .refused(404, "no_such_service");
    }
}

#[tokio::test]
async fn lists_have_one_shape() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let account = customer.open_account("EUR").await;
    let lists = [
        "/api/accounts".to_owned(),
        format!("/api/accounts/user/{}", customer.id),
        format!("/api/accounts/{account}/entries"),
        format!("/api/transactions?account_id={account}"),
    ];
    for path in lists {
        let list = customer.get(&path).await.expect(200);
        assert!(list["data"].is_array(), "{path}: {list}");
        assert_eq!(
            (&list["next_cursor"], &list["has_more"]),
            (&Value::Null, &json!(false)),
            "{path}"
        );
    }
    let users = bank.admin().await.get("/api/auth/users").await.expect(200);
    assert!(
        users["data"].is_array() && users["has_more"].is_boolean(),
        "{users}"
    );
}

#[tokio::test]
async fn lists_are_paged_by_cursor() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let mut opened = Vec::new();
    for _account in 0..5 {
        opened.push(customer.open_account("EUR").await);
    }
    let first = customer.get("/api/accounts?limit=2").await.expect(200);
    assert_eq!(first["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(first["has_more"], true);
    let mut listed: Vec<String> = customer
        .all("/api/accounts?limit=2")
        .await
        .iter()
        .map(|account| account["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    listed.sort();
    opened.sort();
    assert_eq!(listed, opened, "each account once");
}

#[tokio::test]
async fn lists_refuse_a_bad_limit_or_cursor() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    customer.get("/api/accounts?limit=500").await.expect(200);
    for query in [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=ten",
        "limit=",
        "limit=1.5",
        "cursor=not-one-of-ours",
    ] {
        let answer = customer.get(&format!("/api/accounts?{query}")).await;
        assert!(
            [400, 422].contains(&answer.status),
            "{query}: {}",
            answer.text()
        );
        answer.problem(answer.status);
    }
}

#[tokio::test]
async fn times_are_rfc_3339_utc() {
    let bank = Bank::shared().await;
    let user = bank.register(&new_email(), PASSWORD).await.expect(201);
    let time = user["created_at"].as_str().expect("a time");
    let digits_at = |positions: &[usize]| {
        positions
            .iter()
            .all(|at| time.as_bytes()[*at].is_ascii_digit())
    };
    assert!(
        time.ends_with('Z') && time.as_bytes()[10] == b'T' && digits_at(&[0, 3, 5, 8, 11, 14, 17]),
        "{time}"
    );
}

#[tokio::test]
async fn a_body_with_content_says_what_it_is() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    for path in [
        "/api/auth/me",
        "/api/accounts",
        "/api/auth/nothing",
        "/api/nowhere",
    ] {
        let answer = customer.get(path).await;
        assert!(
            answer
                .header("content-type")
                .is_some_and(|value| value.contains("json")),
            "{path}"
        );
        assert!(
            answer
                .header("server")
                .is_none_or(|value| !value.contains(|c: char| c.is_ascii_digit())),
            "no version: {path}"
        );
    }
}
