use super::*;
use crate::assert_json;
use crate::http::Site;
use crate::kit::now;
use crate::problem;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::routing::get;
use serde_json::Value;
use tower_service::Service as _;

#[test]
fn a_repetition_differs_from_the_first_reply_in_one_header() {
    let first = StoredReply::new(StatusCode::CREATED, &"made", false).unwrap();
    let mut again = first.clone();
    again.repeated = true;
    let (first, again) = (first.into_response(), again.into_response());
    assert_eq!(first.status(), again.status());
    assert_eq!(first.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(first.headers().get(IDEMPOTENCY_REPLAYED), None);
    assert_eq!(again.headers()[IDEMPOTENCY_REPLAYED], "true");
}

#[test]
fn a_reply_that_declines_has_the_id_of_its_own_request_each_time_and_is_else_the_same() {
    let reply = |repeated| {
        let problem = Problem::unprocessable("insufficient_funds", "There is too little money.");
        StoredReply::of_problem(problem, "/api/transactions/7".to_owned(), repeated)
    };
    let routes = Router::new()
        .route("/first", get(move || async move { reply(false) }))
        .route("/again", get(move || async move { reply(true) }));
    let document = |path: &str, request_id: &str| {
        let request = Request::get(format!("/api/bank/{path}"))
            .header("x-request-id", request_id)
            .body(Body::empty());
        let response = now(Site::new(routes.clone()).call(request.unwrap())).unwrap();
        let content_type = &response.headers()[header::CONTENT_TYPE];
        assert_eq!(content_type, problem::CONTENT_TYPE);
        let is_repeated = response.headers().contains_key(IDEMPOTENCY_REPLAYED);
        let body = now(to_bytes(response.into_body(), usize::MAX)).unwrap();
        (is_repeated, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let (is_first_repeated, first) = document("first", "r-1");
    assert_json!(first, {"request_id": "r-1", "instance": "/api/transactions/7"});
    let (is_repeated, mut again) = document("again", "r-2");
    assert_eq!((is_first_repeated, is_repeated), (false, true));
    assert_eq!(again["request_id"], "r-2");
    again["request_id"] = "r-1".into();
    assert_eq!(again, first);
}
