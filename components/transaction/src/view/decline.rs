//! The response to a request for one transfer.

use axum::http::StatusCode;
use serde::Serialize;
use strongroom_ledger_api::Reply;
use strongroom_ledger_api::view::TransactionView;
use strongroom_sdk::idempotency::StoredReply;
use strongroom_sdk::problem::{Problem, title_of, type_of};
use uuid::Uuid;

/// A decline as a problem document (RFC 9457). It names the transaction and not the exchange, so that each repetition has the same
/// bytes.
#[derive(Serialize)]
struct DeclineDocument {
    r#type: String,
    title: String,
    status: u16,
    detail: &'static str,
    instance: String,
    code: &'static str,
    transaction_id: Uuid,
}

/// The path of a transaction or batch.
pub(super) fn instance_of(id: Uuid) -> String {
    format!("/api/transactions/{id}")
}

/// 201 with the transaction, or 422 with the decline.
///
/// # Errors
/// 500 where the ledger's record is not one.
pub fn reply_to_transfer(reply: &Reply) -> Result<StoredReply, Problem> {
    let Reply { posting, repeated } = reply;
    let Some(decline) = posting.decline else {
        let view = TransactionView::recorded(posting)?;
        return StoredReply::new(StatusCode::CREATED, &view, *repeated);
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let document = DeclineDocument {
        r#type: type_of(decline.as_str()),
        title: title_of(decline.as_str()),
        status: status.as_u16(),
        detail: decline.detail(),
        instance: instance_of(posting.id),
        code: decline.as_str(),
        transaction_id: posting.id,
    };
    StoredReply::new(status, &document, *repeated)
}
