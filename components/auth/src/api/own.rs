//! What users do about themselves.

use crate::component::service;
use crate::throttle::Network;
use crate::user::View;
use crate::{Login, OwnChange, PasswordChange, Registration};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::oauth::SessionResponse;
use strongroom_sdk::problem::Problem;

/// The client's IP address, which the host sets.
const CLIENT_ADDRESS: &str = "x-strongroom-client-address";

#[derive(Serialize)]
pub(crate) struct LoginResponse {
    user: View,
    #[serde(flatten)]
    tokens: SessionResponse,
    device_token: String,
}

pub(crate) async fn register(
    key: Option<IdempotencyKey>,
    Json(body): Json<Registration>,
) -> Result<StoredReply, Problem> {
    service().register(key.as_ref(), &body)
}

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

pub(crate) async fn log_out(caller: Identity, _: NoBody) -> Result<StatusCode, Problem> {
    service().log_out(caller.own_session()?, caller.subject)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn me(caller: Identity) -> Result<Json<View>, Problem> {
    Ok(Json(service().user(caller.subject)?.into()))
}

pub(crate) async fn change_me(
    caller: Identity,
    request_id: RequestId,
    Json(body): Json<OwnChange>,
) -> Result<Json<View>, Problem> {
    let actor = Actor::new(&caller, request_id);
    Ok(Json(
        service().change_own(&actor, caller.subject, body)?.into(),
    ))
}

pub(crate) async fn change_password(
    caller: Identity,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let session = caller.own_session()?;
    service().change_password(&caller, session, &body)?;
    Ok(StatusCode::NO_CONTENT)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
