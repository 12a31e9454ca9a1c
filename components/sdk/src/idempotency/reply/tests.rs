use super::*;
use crate::http::Site;
use crate::testing::now;
use crate::{assert_json, problem, rows};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::routing::get;
use serde_json::Value;
use tower_service::Service as _;

/// The response of a site to a request with this id, and its body.
fn answered(reply: StoredReply, request_id: &str) -> (Response, Value) {
    let routes = Router::new().route("/", get(move || async move { reply }));
    let request = Request::get("/api/bank").header("x-request-id", request_id);
    let mut response = now(Site::new(routes).call(request.body(Body::empty()).unwrap())).unwrap();
    let body = now(to_bytes(std::mem::take(response.body_mut()), usize::MAX)).unwrap();
    (response, serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_repetition_differs_from_the_first_reply_in_one_header_and_in_its_own_id() {
    let made = StoredReply::new(StatusCode::CREATED, &"made", false).unwrap();
    let declined = Problem::unprocessable("insufficient_funds", "There is too little money.");
    let declined = StoredReply::of_problem(declined, "/api/transactions/7".to_owned(), false);
    for (reply, content_type, id, instance) in rows! {
        (made, "application/json", None, None),
        (declined, problem::CONTENT_TYPE, Some("r-1"), Some("/api/transactions/7")),
    } {
        let mut repeated = reply.clone();
        repeated.repeated = true;
        let (first, body) = answered(reply, "r-1");
        let (again, body_again) = answered(repeated, "r-2");
        assert_eq!(first.status(), again.status());
        assert_eq!(first.headers()[header::CONTENT_TYPE], content_type);
        assert_eq!(first.headers().get(IDEMPOTENCY_REPLAYED), None);
        assert_eq!(again.headers()[IDEMPOTENCY_REPLAYED], "true");
        assert_json!(body, {"request_id": id, "instance": instance});
        let text = body_again.to_string().replace("\"r-2\"", "\"r-1\"");
        assert_eq!(text, body.to_string());
    }
}
