//! Which types may cross a link: those whose values can be copied from one store to another.

use wasmtime::component::Type;

/// The first part of a type that cannot cross a link, or none if the type can.
pub(super) fn first_bound_to_a_store(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Own(_) | Type::Borrow(_) => Some("a resource"),
        Type::Future(_) => Some("a future"),
        Type::Stream(_) => Some("a stream"),
        Type::ErrorContext => Some("an error context"),
        Type::List(list) => first_bound_to_a_store(&list.ty()),
        Type::Record(record) => record
            .fields()
            .find_map(|field| first_bound_to_a_store(&field.ty)),
        Type::Tuple(tuple) => tuple.types().find_map(|ty| first_bound_to_a_store(&ty)),
        Type::Variant(variant) => variant
            .cases()
            .filter_map(|case| case.ty)
            .find_map(|ty| first_bound_to_a_store(&ty)),
        Type::Option(option) => first_bound_to_a_store(&option.ty()),
        Type::Result(result) => [result.ok(), result.err()]
            .into_iter()
            .flatten()
            .find_map(|ty| first_bound_to_a_store(&ty)),
        Type::Map(map) => [map.key(), map.value()]
            .iter()
            .find_map(first_bound_to_a_store),
        Type::FixedLengthList(list) => first_bound_to_a_store(&list.ty()),
        Type::Bool
        | Type::S8
        | Type::U8
        | Type::S16
        | Type::U16
        | Type::S32
        | Type::U32
        | Type::S64
        | Type::U64
        | Type::Float32
        | Type::Float64
        | Type::Char
        | Type::String
        | Type::Enum(_)
        | Type::Flags(_) => None,
    }
}
