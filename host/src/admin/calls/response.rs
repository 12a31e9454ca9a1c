//! The responses of the admin API: JSON, or a text for people.

use crate::admin::guard::Refusal;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use serde::Serialize;
use std::io;

pub type AdminResponse = Response<AdminBody>;
type AdminBody = UnsyncBoxBody<Bytes, io::Error>;

/// The response that says why a call was refused.
pub(super) fn refused(refusal: Refusal) -> AdminResponse {
    let unauthorized = |challenge, message: &str| {
        let mut response = text(StatusCode::UNAUTHORIZED, message);
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        response
    };
    match refusal {
        Refusal::ForeignHost(host) => {
            let message = format!(
                "the host `{host}` is not known here; call 127.0.0.1 or localhost, or add the name \
                 to `admin_hosts` of [host]\n"
            );
            text(StatusCode::FORBIDDEN, &message)
        }
        Refusal::ForeignOrigin => text(
            StatusCode::FORBIDDEN,
            "web pages may not call the admin API\n",
        ),
        Refusal::NoToken => unauthorized(
            "Bearer realm=\"strongroom admin\"",
            "send `authorization: Bearer TOKEN`; the token is `admin_token` of [host], or without \
             it, in admin.token of the data folder\n",
        ),
        Refusal::WrongToken => unauthorized(
            "Bearer realm=\"strongroom admin\", error=\"invalid_token\"",
            "the token is not this host's, which is `admin_token` of [host], or without it, in \
             admin.token of the data folder\n",
        ),
    }
}

pub(super) fn not_allowed(methods: &'static str) -> AdminResponse {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, &format!("use {methods}\n"));
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(methods));
    response
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> AdminResponse {
    match serde_json::to_vec(value) {
        Ok(json) => response(status, "application/json", json),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
    }
}

pub(super) fn text(status: StatusCode, text: &str) -> AdminResponse {
    response(
        status,
        "text/plain; charset=utf-8",
        text.as_bytes().to_vec(),
    )
}

pub(super) fn response(
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
) -> AdminResponse {
    let mut response = Response::new(
        Full::from(body)
            .map_err(|never| match never {})
            .boxed_unsync(),
    );
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
