//! Goal: whatever happens below a site, the client gets a complete problem document; and routes do not know the service's name.
//! Method: requests through a site of two routes.

use super::*;
use crate::kit::now;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::routing::{get, post};
use http::{Method, Request, Response, StatusCode, header};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tower_service::Service;

fn site() -> Site {
    let routes = Router::new()
        .route("/", get(|| async { "root" }))
        .route(
            "/things/{id}",
            get(|PathId(id): PathId| async move { id.to_string() }),
        )
        .route("/things", post(|| async { StatusCode::CREATED }))
        .route(
            "/cached",
            get(|| async { ([(header::CACHE_CONTROL, "public, max-age=300")], "") }),
        );
    Site::new(routes).no_store()
}

fn call(method: Method, uri: &str) -> (Response<()>, Vec<u8>) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("x-request-id", "r-1")
        .body(Body::empty())
        .unwrap();
    let (parts, body) = now(site().call(request)).unwrap().into_parts();
    let body = now(axum::body::to_bytes(body, usize::MAX)).unwrap();
    (Response::from_parts(parts, ()), body.to_vec())
}

#[test]
fn routes_do_not_know_the_service_s_name() {
    for uri in [
        "/api/things-service",
        "/api/other/",
        "/api/x?limit=1",
        "http://host/api/x",
    ] {
        assert_eq!(call(Method::GET, uri).1, b"root", "{uri}");
    }
    let id = "018f0000-0000-7000-8000-000000000001";
    assert_eq!(
        call(Method::GET, &format!("/api/x/things/{id}?a=b")).1,
        id.as_bytes()
    );
}

#[test]
fn unknown_routes_and_ids_are_the_same_complete_document() {
    for uri in [
        "/api/x/nothing",
        "/api/x/things/7",
        "/api/x/things/018f000000007000800000000000000a",
    ] {
        let (response, body) = call(Method::GET, uri);
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["instance"], uri);
        assert_eq!(document["request_id"], "r-1");
        assert_eq!(document["code"], "not_found");
        assert_eq!(document["detail"], "There is nothing here.");
    }
}

#[test]
fn a_slash_at_the_end_is_named_whatever_the_method() {
    for (method, uri) in [
        (Method::POST, "/api/x/things/"),
        (Method::GET, "/api/x/things/?limit=1"),
        (Method::DELETE, "/api/x/nothing/"),
    ] {
        let (response, body) = call(method, uri);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{uri}");
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["code"], "not_found");
        let path = uri.split('?').next().unwrap();
        let detail = format!("Nothing is at {path}; leave out the slash at its end.");
        assert_eq!(document["detail"], detail);
    }
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    let (response, body) = call(Method::DELETE, "/api/x/things");
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "POST");
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(document["code"], "method_not_allowed");
}

#[test]
fn no_store_gives_way_to_what_a_route_says() {
    assert_eq!(
        call(Method::GET, "/api/x").0.headers()[header::CACHE_CONTROL],
        "no-store"
    );
    assert_eq!(
        call(Method::GET, "/api/x/none").0.headers()[header::CACHE_CONTROL],
        "no-store"
    );
    assert_eq!(
        call(Method::GET, "/api/x/cached").0.headers()[header::CACHE_CONTROL],
        "public, max-age=300"
    );
}

/// Takes a body's next piece.
fn next(body: &mut Body) -> Option<Result<Vec<u8>, axum::Error>> {
    let frame = now(http_body_util::BodyExt::frame(body))?;
    Some(frame.map(|frame| frame.into_data().unwrap().to_vec()))
}

#[test]
fn a_body_of_pieces_has_no_length_and_makes_each_when_it_is_asked_for() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let pieces = ["opening", "entries", "closing"].map(|text| Ok::<_, axum::Error>(text.into()));
    let pieces = pieces
        .into_iter()
        .inspect(move |_| count.store(count.load(Relaxed) + 1, Relaxed));
    let mut body = body_of_pieces(pieces);
    assert_eq!(HttpBody::size_hint(&body).exact(), None);
    for (number, text) in (1..).zip(["opening", "entries", "closing"]) {
        assert_eq!(next(&mut body).unwrap().unwrap(), text.as_bytes());
        assert_eq!(made.load(Relaxed), number);
    }
    assert!(next(&mut body).is_none());
}

#[test]
fn a_body_whose_next_piece_cannot_be_made_says_so() {
    let mut body = body_of_pieces([Ok(b"opening".to_vec()), Err("no more")].into_iter());
    assert!(next(&mut body).unwrap().is_ok());
    assert_eq!(next(&mut body).unwrap().unwrap_err().to_string(), "no more");
}

#[test]
fn a_site_says_the_length_of_what_is_whole_and_none_of_what_is_made_meanwhile() {
    let pieces = || async { body_of_pieces([Ok::<_, axum::Error>(b"piece".to_vec())].into_iter()) };
    let mut site = Site::new(Router::new().route("/", get(pieces)));
    let request = Request::builder()
        .uri("/api/x")
        .body(Body::empty())
        .unwrap();
    let answer = now(site.call(request)).unwrap();
    assert!(!answer.headers().contains_key(header::CONTENT_LENGTH));
    let (whole, _) = call(Method::GET, "/api/x");
    assert_eq!(whole.headers()[header::CONTENT_LENGTH], "4");
}
