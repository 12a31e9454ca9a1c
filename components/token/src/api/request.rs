//! The bodies of the routes, as JSON or as the form of OAuth clients (RFC 6749 appendix B).

use crate::oauth;
use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use strongroom_sdk::json::{self, BODY_BYTES_MAX, Json};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query;
use utoipa::ToSchema;

/// The body of `POST /refresh`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token.
    pub refresh_token: String,
    /// OAuth clients send it: `refresh_token`.
    grant_type: Option<String>,
}

impl RefreshRequest {
    /// Passes a request for the only grant: `refresh_token`.
    ///
    /// # Errors
    /// 400 `unsupported_grant_type` (RFC 6749 section 5.2).
    pub fn check_grant_type(&self) -> Result<(), Problem> {
        match self.grant_type.as_deref() {
            None | Some("refresh_token") => Ok(()),
            Some(_) => Err(oauth::refusal(
                "unsupported_grant_type",
                "The grant_type must be refresh_token. Tokens for a password come from POST \
                /api/auth/login.",
            )),
        }
    }
}

/// The body of `POST /revoke` (RFC 7009 section 2.1) and `POST /introspect` (RFC 7662 section 2.1).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// An access or a refresh token.
    pub token: String,
    /// The client's guess which of the two it is. The token itself says so, so this has no effect.
    #[serde(default, rename = "token_type_hint")]
    _token_type_hint: Option<String>,
}

/// A body's type, and the names of its fields.
pub trait Fields: DeserializeOwned {
    /// A form may have other fields, which have no effect (RFC 6749 section 3.2): OAuth clients add
    /// `client_id` or `scope`.
    const NAMES: &'static [&'static str];
}

impl Fields for RefreshRequest {
    const NAMES: &'static [&'static str] = &["refresh_token", "grant_type"];
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
        from_form(&body).map(Self)
    }
}

/// Reads a form. A missing or repeated field is 400 `invalid_request` (RFC 6749 section 5.2).
fn from_form<T: Fields>(form: &[u8]) -> Result<T, Problem> {
    query::from_known(form, T::NAMES).map_err(|problem| {
        let errors = problem.errors().to_vec();
        oauth::refusal(
            "invalid_request",
            "The form must have each parameter that is needed, and each only once.",
        )
        .with_errors(errors)
    })
}

fn is_form(request: &Request) -> bool {
    let media_type = json::media_type(request.headers());
    media_type.as_deref() == Some("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests;
