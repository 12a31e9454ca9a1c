//! How long the parts of a request's target may be. A request that is never sent keeps them, for
//! each handle of its guest, and the engine takes megabytes.

/// The longest authority, in bytes: a name has at most 255 (RFC 1035 section 2.3.4).
const AUTHORITY_BYTES_MAX: usize = 1 << 10;
/// The longest method, in bytes.
const METHOD_BYTES_MAX: usize = 64;

/// What the setters of a request return: whether it took the value.
pub(super) type Taken = wasmtime::Result<(Result<(), ()>,)>;

pub(super) const REFUSED: Taken = Ok((Err(()),));

pub(super) fn is_long_authority(authority: Option<&str>) -> bool {
    authority.is_some_and(|authority| authority.len() > AUTHORITY_BYTES_MAX)
}

pub(super) fn is_long_method(method: &str) -> bool {
    method.len() > METHOD_BYTES_MAX
}
