//! The service's routes.

use crate::component::{Host, service};
use crate::env::Tokens;
use crate::throttle::Network;
use crate::user::{StaffView, View};
use crate::{
    AuthService, EventFilter, Login, NewUser, PasswordChange, Registration, UserChange, UserFilter,
};
use axum::Router;
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use strongroom_sdk::audit_log::{Actor, EventView};
use strongroom_sdk::http::{PathId, RequestId, Site};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

pub(crate) fn site() -> Site {
    let routes = Router::new()
        .route("/register", post(register))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/me", get(me))
        .route("/password", post(change_password))
        .route("/users", get(users).post(create_user))
        .route("/users/{id}", get(user).patch(change_user))
        .route("/events", get(events));
    Site::new(routes).no_store()
}

/// Who may look at users, and at what was done to them. Only an administrator may change them.
const READERS: &[Role] = &[Role::Auditor, Role::Admin];

/// From where the host says that a request came.
const CLIENT_ADDRESS: &str = "x-strongroom-client-address";

#[derive(Serialize)]
struct LoginResponse {
    user: View,
    #[serde(flatten)]
    tokens: TokenResponse,
    device_token: String,
    /// The same tokens once more.
    auth: TokenResponse,
}

/// RFC 6749 section 5.1.
#[derive(Clone, Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    refresh_token: String,
}

impl From<Tokens> for TokenResponse {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            refresh_token: tokens.refresh_token,
        }
    }
}

async fn register(Json(body): Json<Registration>) -> Result<(StatusCode, Json<View>), Problem> {
    let user = configured()?.register(&body)?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

async fn log_in(
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> Result<Json<LoginResponse>, Problem> {
    let network = Network::of(text(&headers, CLIENT_ADDRESS));
    let user_agent = text(&headers, header::USER_AGENT.as_str());
    let logged_in = configured()?.log_in(&body, network, user_agent)?;
    let tokens = TokenResponse::from(logged_in.tokens);
    Ok(Json(LoginResponse {
        user: logged_in.user.into(),
        tokens: tokens.clone(),
        device_token: logged_in.device_token,
        auth: tokens,
    }))
}

async fn log_out(caller: Identity, _: NoBody) -> Result<StatusCode, Problem> {
    configured()?.log_out(caller.session, caller.subject)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn me(caller: Identity) -> Result<Json<View>, Problem> {
    Ok(Json(configured()?.user(caller.subject)?.into()))
}

async fn change_password(
    caller: Identity,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    configured()?.change_password(&caller, &body)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create_user(
    caller: Identity,
    request_id: RequestId,
    body: Result<Json<NewUser>, Problem>,
) -> Result<(StatusCode, Json<StaffView>), Problem> {
    caller.require(&[Role::Admin])?;
    let user = configured()?.create_user(&Actor::new(&caller, request_id), &body?.0)?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

async fn users(
    caller: Identity,
    page: Result<Page<Uuid, UserFilter>, Problem>,
) -> Result<Json<List<StaffView>>, Problem> {
    caller.require(READERS)?;
    Ok(Json(configured()?.users(&page?)?.map(StaffView::from)))
}

async fn user(caller: Identity, id: Result<PathId, Problem>) -> Result<Json<StaffView>, Problem> {
    caller.require(READERS)?;
    Ok(Json(configured()?.user(id?.0)?.into()))
}

async fn change_user(
    caller: Identity,
    id: Result<PathId, Problem>,
    request_id: RequestId,
    body: Result<Json<UserChange>, Problem>,
) -> Result<Json<StaffView>, Problem> {
    caller.require(&[Role::Admin])?;
    let user = configured()?.change_user(&Actor::new(&caller, request_id), id?.0, &body?.0)?;
    Ok(Json(user.into()))
}

async fn events(
    caller: Identity,
    page: Result<Page<u64, EventFilter>, Problem>,
) -> Result<Json<List<EventView>>, Problem> {
    caller.require(READERS)?;
    Ok(Json(configured()?.events(&page?)?))
}

/// `start` has read the same configuration, so an error here is the host's or ours.
fn configured() -> Result<AuthService<Host>, Problem> {
    service().map_err(Problem::internal)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
