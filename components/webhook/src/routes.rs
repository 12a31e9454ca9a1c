//! The routes of `/api/webhooks`, as one table.

use crate::api::{DeliveryView, LogFilter, WebhookBody, WebhookView};
use crate::component::SERVICE;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::{PathId, RequestId, Site};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Admin, Auditor};
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/", post(create).get(list))
        .route("/audit-log", get(log))
        .route("/{id}", delete(remove))
        .route("/{id}/deliveries", get(deliveries))
        .route("/{id}/deliveries/{sequence}/resend", post(resend));
    Site::new(routes).no_store()
}

async fn create(
    admin: Admin,
    request_id: RequestId,
    key: Option<IdempotencyKey>,
    Json(body): Json<WebhookBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.create(&admin, request_id, key.as_ref(), body)
}

async fn list(auditor: Auditor, page: Page<i64>) -> Result<Json<List<WebhookView>>, Problem> {
    SERVICE.list(&auditor, &page).map(Json)
}

async fn log(
    auditor: Auditor,
    page: Page<i64, LogFilter>,
) -> Result<Json<List<EventView>>, Problem> {
    SERVICE.audit_log(&auditor, &page).map(Json)
}

async fn remove(
    admin: Admin,
    request_id: RequestId,
    PathId(id): PathId,
    _: Query<NoParameters>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    SERVICE.delete(&admin, request_id, id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliveries(
    auditor: Auditor,
    PathId(id): PathId,
    page: Page<i64>,
) -> Result<Json<List<DeliveryView>>, Problem> {
    SERVICE.deliveries(&auditor, id, &page).map(Json)
}

async fn resend(
    admin: Admin,
    request_id: RequestId,
    Path((id, sequence)): Path<(String, String)>,
    _: NoBody,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let PathId(id) = PathId::parse(&id)?;
    let sequence = sequence.parse().map_err(|_| Problem::not_found())?;
    let view = SERVICE.resend(&admin, request_id, id, sequence)?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}
