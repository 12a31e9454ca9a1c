//! The bodies of the service's routes, as JSON or as the form that OAuth clients send (RFC 6749 appendix B).

use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use strongroom_sdk::json::{self, BODY_BYTES_MAX, Json};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query;

/// `POST /refresh`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token.
    pub refresh_token: String,
}

/// `POST /revoke` (RFC 7009 section 2.1) and `POST /introspect` (RFC 7662 section 2.1).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// An access or a refresh token.
    pub token: String,
    /// Which of the two the client thinks it is. The token itself says so, so the hint is read and not needed.
    #[serde(default, rename = "token_type_hint")]
    _token_type_hint: Option<String>,
}

/// A body's type, and the names of its fields.
pub trait Fields: DeserializeOwned {
    /// In a form, whatever is not one of these is ignored (RFC 6749 section 3.2): OAuth clients add `client_id` or `grant_type`.
    const NAMES: &'static [&'static str];
}

impl Fields for RefreshRequest {
    const NAMES: &'static [&'static str] = &["refresh_token"];
}

impl Fields for TokenRequest {
    const NAMES: &'static [&'static str] = &["token", "token_type_hint"];
}

/// A body as strict JSON, or as a form.
pub struct JsonOrForm<T>(pub T);

impl<T: Fields, S: Sync> FromRequest<S> for JsonOrForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_form(&request) {
            return Json::<T>::from_request(request, state)
                .await
                .map(|Json(body)| Self(body));
        }
        let body = json::read_body(request, BODY_BYTES_MAX).await?;
        query::from_known(&body, T::NAMES).map(Self)
    }
}

fn is_form(request: &Request) -> bool {
    let media_type = json::media_type(request.headers());
    media_type.as_deref() == Some("application/x-www-form-urlencoded")
}
