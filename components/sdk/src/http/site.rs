//! A component's routes, with what every response needs.

use super::exchange::{Exchange, strip_service_route};
use crate::problem::Problem;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

/// A router whose every failure is a complete problem document. A response that does not say how it
/// may be cached must not be, as OAuth servers must say (RFC 6749 section 5.1).
///
/// An instance makes one. A clone is cheap.
#[derive(Debug, Clone)]
pub struct Site {
    router: Router,
}

impl Site {
    /// The routes of a component, below the service's own route. Adds 404 `not_found` for other
    /// paths, and 405 `method_not_allowed` with `allow` for other methods of a route.
    pub fn new(routes: Router) -> Self {
        Self {
            router: routes
                .method_not_allowed_fallback(method_not_allowed)
                .fallback(not_found),
        }
    }
}

async fn not_found() -> Problem {
    Problem::not_found()
}

/// No route ends in a slash. The text names it, because a client easily overlooks it after an id.
fn slash_at_end(path: &str) -> Problem {
    let detail = format!("Nothing is at {path}; leave out the slash at its end.");
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This path does not have that method; the allow header has those it has.",
    )
}

impl Service<Request> for Site {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let exchange = Exchange::of(&request);
        request.extensions_mut().insert(exchange.uri.clone());
        *request.uri_mut() = strip_service_route(request.uri());
        let path = request.uri().path();
        let ends_in_slash = path.len() > 1 && path.ends_with('/');
        let routed = (!ends_in_slash).then(|| self.router.call(request));
        Box::pin(async move {
            let response = match routed {
                Some(response) => response.await?,
                None => slash_at_end(exchange.uri.path()).into_response(),
            };
            let mut response = complete(response, &exchange);
            response
                .headers_mut()
                .entry(header::CACHE_CONTROL)
                .or_insert(HeaderValue::from_static("no-store"));
            Ok(response)
        })
    }
}

/// Adds the members of a problem that only the exchange knows.
fn complete(mut response: Response, exchange: &Exchange) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let document = problem.render(Some(exchange.uri.path()), exchange.request_id.as_deref());
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, document.len().into());
        *response.body_mut() = Body::from(document);
    }
    response
}
