//! The part of `/api/webhooks` in the bank's OpenAPI document.

use crate::api::handlers;
use strongroom_sdk::openapi::Refusal;
use strongroom_sdk::refusals;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Webhooks",
        description = "Sending events to programs outside."
    ),
    paths(
        handlers::list,
        handlers::create,
        handlers::log,
        handlers::webhook,
        handlers::change,
        handlers::rotate_secret,
        handlers::test,
        handlers::remove,
        handlers::deliveries,
        handlers::resend,
    )
)]
struct Document;

/// Why a call is refused, beyond the reasons that all services have.
const REFUSALS: &[Refusal] = refusals! {
    409 "webhook_ended": "the webhook has ended, as its receiver is gone";
    422 "webhook_secrets_too_many": "as many earlier secrets sign as may sign";
    422 "webhooks_too_many": "there are as many webhooks as there may be";
};

pub(crate) fn document() -> String {
    strongroom_sdk::openapi::document(&Document::openapi(), REFUSALS, &[])
}
