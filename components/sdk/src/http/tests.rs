//! Goal: whatever happens below a site, the client gets a complete problem document.

use super::*;
use crate::assert_json;
use crate::rows;
use crate::testing::now;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::routing::{get, post};
use http::{Method, Request, Response, StatusCode, header};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tower_service::Service;

fn site() -> Site {
    let pieces = || async { body_of_pieces([Ok::<_, axum::Error>(b"piece".to_vec())].into_iter()) };
    let thing = |PathId(id): PathId| async move { id.to_string() };
    let cached = || async { ([(header::CACHE_CONTROL, "public, max-age=300")], "") };
    let routes = Router::new()
        .route("/pieces", get(pieces))
        .route("/", get(|| async { "root" }))
        .route("/things/{id}", get(thing))
        .route("/things", post(|| async { StatusCode::CREATED }))
        .route("/cached", get(cached));
    Site::new(routes)
}

fn call(method: Method, uri: &str) -> (Response<()>, Vec<u8>) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("x-request-id", "r-1");
    let response = now(site().call(request.body(Body::empty()).unwrap())).unwrap();
    let (parts, body) = response.into_parts();
    let body = now(axum::body::to_bytes(body, usize::MAX)).unwrap();
    (Response::from_parts(parts, ()), body.to_vec())
}

#[test]
fn routes_do_not_know_the_service_s_name() {
    let id = "018f0000-0000-7000-8000-000000000001";
    for (uri, body) in rows! {
        ("/api/things-service", "root"), ("/api/other/", "root"), ("/api/x?limit=1", "root"),
        ("http://host/api/x", "root"), (&*format!("/api/x/things/{id}?a=b"), id),
    } {
        assert_eq!(call(Method::GET, uri).1, body.as_bytes(), "{uri}");
    }
}

#[test]
fn what_a_site_does_not_have_is_a_complete_document() {
    let nothing = || "There is nothing here.".to_owned();
    let slash = |path: &str| format!("Nothing is at {path}; leave out the slash at its end.");
    for (method, uri, detail) in rows! {
        (Method::GET, "/api/x/nothing", nothing()),
        (Method::GET, "/api/x/things/7", nothing()),
        (Method::GET, "/api/x/things/018f000000007000800000000000000a", nothing()),
        (Method::POST, "/api/x/things/", slash("/api/x/things/")),
        (Method::GET, "/api/x/things/?limit=1", slash("/api/x/things/")),
        (Method::DELETE, "/api/x/nothing/", slash("/api/x/nothing/")),
    } {
        let (response, body) = call(method, uri);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{uri}");
        let content_type = &response.headers()[header::CONTENT_TYPE];
        assert_eq!(content_type, "application/problem+json");
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_json!(document, {"code": "not_found", "request_id": "r-1", "detail": detail});
        assert_eq!(document["instance"], uri.trim_end_matches("?limit=1"));
    }
    let (response, body) = call(Method::DELETE, "/api/x/things");
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[header::ALLOW], "POST");
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(document["code"], "method_not_allowed");
}

#[test]
fn a_route_s_own_caching_takes_precedence_over_no_store() {
    for (uri, caching) in [
        ("/api/x", "no-store"),
        ("/api/x/none", "no-store"),
        ("/api/x/cached", "public, max-age=300"),
    ] {
        let (response, _) = call(Method::GET, uri);
        assert_eq!(response.headers()[header::CACHE_CONTROL], caching, "{uri}");
    }
}

/// The next piece of a body.
fn next(body: &mut Body) -> Option<Result<Vec<u8>, axum::Error>> {
    let frame = now(http_body_util::BodyExt::frame(body))?;
    Some(frame.map(|frame| frame.into_data().unwrap().to_vec()))
}

#[test]
fn a_body_of_pieces_has_no_length_and_makes_each_piece_or_its_error_on_demand() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let pieces = [Ok("opening"), Ok("entries"), Err("no more")].into_iter();
    let pieces = pieces.map(move |piece| {
        count.store(count.load(Relaxed) + 1, Relaxed);
        piece.map(Vec::<u8>::from)
    });
    let mut body = body_of_pieces(pieces);
    assert_eq!(HttpBody::size_hint(&body).exact(), None);
    for (number, text) in (1..).zip(["opening", "entries"]) {
        assert_eq!(next(&mut body).unwrap().unwrap(), text.as_bytes());
        assert_eq!(made.load(Relaxed), number);
    }
    assert_eq!(next(&mut body).unwrap().unwrap_err().to_string(), "no more");
    assert!(next(&mut body).is_none());
}

#[test]
fn a_site_sets_the_length_of_a_whole_body_and_none_of_a_body_of_pieces() {
    for (uri, length) in [("/api/x", Some("4")), ("/api/x/pieces", None)] {
        let (response, _) = call(Method::GET, uri);
        let found = response.headers().get(header::CONTENT_LENGTH);
        assert_eq!(found.map(|it| it.to_str().unwrap()), length);
    }
}
