//! The parameters that this crate reads.

use crate::http::PathId;
use crate::idempotency::IdempotencyKey;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// The parameters of each list (see [`crate::page`]).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many objects the page has at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    pub limit: Option<u16>,
    /// A `next_cursor` or `previous_cursor` of the list. None begins with the newest.
    pub cursor: Option<String>,
}

impl IntoParams for PathId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(super::id()));
        vec![id.build()]
    }
}

/// The parameter of a call that reads an `Option<IdempotencyKey>`.
#[derive(Debug)]
pub enum OptionalIdempotencyKey {}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![idempotency_key(Required::True)]
    }
}

impl IntoParams for OptionalIdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![idempotency_key(Required::False)]
    }
}

fn idempotency_key(required: Required) -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[!-~]{1,255}$"))
        .examples(["order-4711"]);
    ParameterBuilder::new()
        .name("idempotency-key")
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(
            "The client's name for the request. A retry with it gets the same answer.",
        ))
        .schema(Some(text))
        .build()
}
