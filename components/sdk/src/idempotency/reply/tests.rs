use super::*;

#[test]
fn a_repetition_differs_from_the_first_reply_in_one_header() {
    let first = StoredReply::new(StatusCode::CREATED, &"made", false).unwrap();
    let again = StoredReply {
        repeated: true,
        ..first.clone()
    };
    let (first, again) = (first.into_response(), again.into_response());
    assert_eq!(first.status(), again.status());
    assert_eq!(first.headers()[header::CONTENT_TYPE], "application/json");
    assert_eq!(first.headers().get(IDEMPOTENCY_REPLAYED), None);
    assert_eq!(again.headers()[IDEMPOTENCY_REPLAYED], "true");
}

#[test]
fn a_reply_that_refuses_is_a_problem_document() {
    let refused = StoredReply::new(StatusCode::UNPROCESSABLE_ENTITY, &"no", false).unwrap();
    let headers = refused.into_response().into_parts().0.headers;
    assert_eq!(headers[header::CONTENT_TYPE], problem::CONTENT_TYPE);
}
