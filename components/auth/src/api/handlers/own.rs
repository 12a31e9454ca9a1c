//! What users do about themselves.

use super::NEW_PASSWORD;
use crate::component::service;
use crate::throttle::Network;
use crate::user::View;
use crate::{Login, OwnChange, PasswordChange, Registration};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Identity, SessionUser};
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::oauth::SessionResponse;
use strongroom_sdk::openapi::OptionalIdempotencyKey;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use utoipa::ToSchema;

/// The client's IP address, which the host sets.
const CLIENT_ADDRESS: &str = "x-strongroom-client-address";

/// A new session, and its user.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct LoginResponse {
    user: View,
    #[serde(flatten)]
    tokens: SessionResponse,
    device_token: String,
}

/// Makes a customer. An idempotency key counts for the email address.
#[utoipa::path(
    post,
    path = "/register",
    params(OptionalIdempotencyKey),
    request_body = Registration,
    responses((status = 201, body = View)),
    extensions(("x-refusals" = json!([NEW_PASSWORD, "email_taken"]))),
)]
pub(crate) async fn register(
    key: Option<IdempotencyKey>,
    Json(body): Json<Registration>,
) -> Result<StoredReply, Problem> {
    service().register(key.as_ref(), body)
}

/// Begins a session.
#[utoipa::path(
    post,
    path = "/login",
    request_body = Login,
    responses((status = 200, body = LoginResponse)),
    extensions(("x-refusals" = json!(["401 invalid_credentials", "too_many_attempts"]))),
)]
pub(crate) async fn log_in(
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> Result<Json<LoginResponse>, Problem> {
    let network = Network::of(text(&headers, CLIENT_ADDRESS));
    let user_agent = text(&headers, header::USER_AGENT.as_str());
    let logged_in = service().log_in(&body, network, user_agent)?;
    Ok(Json(LoginResponse {
        user: logged_in.user.into(),
        tokens: logged_in.tokens.into(),
        device_token: logged_in.device_token,
    }))
}

/// Ends the caller's session.
#[utoipa::path(
    post,
    path = "/logout",
    responses((status = 204)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn log_out(caller: SessionUser, _: NoBody) -> Result<StatusCode, Problem> {
    service().log_out(caller.session, caller.identity.subject)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the caller.
#[utoipa::path(
    get,
    path = "/me",
    responses((status = 200, body = View)),
    extensions(("x-refusals" = json!(["not_found"]))),
)]
pub(crate) async fn me(caller: Identity, _: Query<NoParameters>) -> Result<Json<View>, Problem> {
    Ok(Json(service().user(caller.subject)?.into()))
}

/// Changes the caller's name or metadata. A missing member changes nothing.
#[utoipa::path(
    patch,
    path = "/me",
    request_body = OwnChange,
    responses((status = 200, body = View)),
    extensions(("x-refusals" = json!(["not_found"]))),
)]
pub(crate) async fn change_me(
    caller: Identity,
    Json(body): Json<OwnChange>,
) -> Result<Json<View>, Problem> {
    let actor = Actor::new(&caller);
    Ok(Json(
        service().change_own(&actor, caller.subject, body)?.into(),
    ))
}

/// Replaces the caller's password, and ends their other sessions.
#[utoipa::path(
    post,
    path = "/password",
    request_body = PasswordChange,
    responses((status = 204)),
    extensions(("x-refusals" = json!([
        NEW_PASSWORD, "403 invalid_credentials", "forbidden", "not_found", "conflict",
        "too_many_attempts",
    ]))),
)]
pub(crate) async fn change_password(
    caller: SessionUser,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    service().change_password(&caller, &body)?;
    Ok(StatusCode::NO_CONTENT)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
