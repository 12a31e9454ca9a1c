//! The response to a request for one transfer: what is recorded of it, posted or declined.

use axum::http::StatusCode;
use strongroom_ledger_api::view::TransactionView;
use strongroom_ledger_api::{Kind, Reply};
use strongroom_sdk::idempotency::StoredReply;
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// The path of a transaction or batch.
pub(super) fn instance_of(id: Uuid) -> String {
    format!("/api/transactions/{id}")
}

/// 201 with the transaction, or 422 with the decline.
pub fn reply_to_transfer(reply: &Reply) -> Result<StoredReply, Problem> {
    let Reply { posting, repeated } = reply;
    let Some(decline) = posting.decline else {
        let view = TransactionView::recorded(posting)?;
        return StoredReply::new(StatusCode::CREATED, &view, *repeated);
    };
    let problem = Problem::unprocessable(decline.as_str(), decline.detail())
        .with_extension("transaction_id", posting.id.to_string().into());
    // The request for a reversal names no entries.
    let named_leg = posting
        .declined_leg
        .filter(|_| posting.kind == Kind::Posting);
    let problem = match named_leg {
        Some(index) => {
            let pointer = format!("/entries/{index}");
            problem.with_error(pointer, decline.as_str(), decline.detail())
        }
        None => problem,
    };
    let instance = instance_of(posting.id);
    Ok(StoredReply::of_problem(problem, instance, *repeated))
}
