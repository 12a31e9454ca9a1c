use super::*;

#[test]
fn a_document_has_the_members_of_rfc_9457_and_the_bank_s() {
    let problem = Problem::validation_failed()
        .with_error("/amount", "amount_scale", "too many digits")
        .with_extension("transaction_id", Value::from("7"));
    let document = problem.render(Some("/api/x/1"), Some("r-1"));
    let expected = serde_json::json!({
        "type": "urn:strongroom:problem:validation_failed", "title": "Validation failed",
        "status": 422, "detail": problem.detail(), "instance": "/api/x/1",
        "code": "validation_failed", "request_id": "r-1", "transaction_id": "7",
        "errors": [{"pointer": "/amount", "code": "amount_scale", "detail": "too many digits"}],
    });
    assert_eq!(serde_json::from_str::<Value>(&document).unwrap(), expected);
}

#[test]
fn a_response_has_the_media_type_and_the_headers() {
    let response = Problem::unavailable().into_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::CONTENT_TYPE], CONTENT_TYPE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
}
