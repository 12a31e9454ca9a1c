//! How a failed link call becomes a value of the function's own result type.

use super::CallError;
use wasmtime::component::{Type, Val};

/// The name of the case that carries a failed call.
const CASE: &str = "unavailable";

/// The place for failures in the result type of a link's function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureCase {
    /// `result<_, string>`
    Text,
    /// `result<_, variant { unavailable(string), .. }>`
    VariantWithText,
    /// `result<_, variant { unavailable, .. }>`
    Variant,
    /// `result<_, enum { unavailable, .. }>`
    Enum,
}

impl FailureCase {
    /// Finds the place, if the type has one.
    pub(super) fn find(ty: &Type) -> Option<Self> {
        let Type::Result(result) = ty else {
            return None;
        };
        match result.err()? {
            Type::String => Some(Self::Text),
            Type::Enum(names) => names.names().any(|name| name == CASE).then_some(Self::Enum),
            Type::Variant(variant) => {
                let case = variant.cases().find(|case| case.name == CASE)?;
                match case.ty {
                    None => Some(Self::Variant),
                    Some(Type::String) => Some(Self::VariantWithText),
                    Some(_) => None,
                }
            }
            _ => None,
        }
    }

    /// The value that the caller receives in place of a result.
    pub(super) fn value(self, error: CallError) -> Val {
        let text = || Val::String(error.to_string());
        let inner = match self {
            Self::Text => text(),
            Self::VariantWithText => Val::Variant(CASE.to_owned(), Some(Box::new(text()))),
            Self::Variant => Val::Variant(CASE.to_owned(), None),
            Self::Enum => Val::Enum(CASE.to_owned()),
        };
        Val::Result(Err(Some(Box::new(inner))))
    }
}
