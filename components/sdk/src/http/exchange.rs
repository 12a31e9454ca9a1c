//! What a response needs to know of its request.

use super::request_id;
use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;

/// The whole URI of a request, and its id.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) uri: WholeUri,
    pub(super) request_id: Option<String>,
}

/// The URI of a request with the route of the service, in its extensions.
#[derive(Debug, Clone)]
pub(crate) struct WholeUri(Uri);

impl WholeUri {
    pub(crate) fn path(&self) -> &str {
        self.0.path()
    }
}

impl Exchange {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            uri: WholeUri(request.uri().clone()),
            request_id: request_id(request.headers()),
        }
    }
}

/// Removes the first two segments (`/api/<service>`) of the path, so that routes do not depend on
/// the name of the service in the registry.
pub(super) fn strip_service_route(uri: &Uri) -> Uri {
    let path = uri.path();
    let rest = path
        .match_indices('/')
        .nth(2)
        .and_then(|(index, _)| path.get(index..))
        .unwrap_or("/");
    let path_and_query = match uri.query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    // A part of a valid path that begins with a slash is a valid path.
    parts.path_and_query = path_and_query.parse::<PathAndQuery>().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}
