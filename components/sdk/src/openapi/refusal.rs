//! Why a call does not do what it is asked to, as a client sees it: a status and a code.

/// An error of a call. Programs compare the code, which never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The `code` of the problem document.
    pub code: &'static str,
    /// When it happens, in words that complete "where".
    pub when: &'static str,
    /// The members that the document has beside those of all problems.
    pub members: &'static [&'static str],
}

/// A table of errors: a row has the status, the code, perhaps the members that only its document
/// has, and when it happens.
///
/// ```
/// use strongroom_sdk::openapi::Refusal;
/// use strongroom_sdk::refusals;
///
/// const REFUSALS: &[Refusal] = refusals! {
///     403 "own_account": "the account is the caller's own";
///     409 "account_closed" with "account_id": "the account is closed";
/// };
/// assert_eq!(REFUSALS[1].code, "account_closed");
/// assert_eq!(REFUSALS[1].members, ["account_id"]);
/// ```
#[macro_export]
macro_rules! refusals {
    ($($status:literal $code:literal $(with $($member:literal),+)?: $when:literal;)+) => {
        &[$($crate::openapi::Refusal {
            status: $status,
            code: $code,
            when: $when,
            members: &[$($($member),+)?],
        },)+]
    };
}

impl Refusal {
    /// The error that `name` names, in the table of the service or in [`SHARED`]: by its code, or
    /// by its status and code.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn find(name: &str, own: &[Self]) -> Self {
        let is_named = |refusal: &&Self| match name.split_once(' ') {
            Some((status, code)) => {
                refusal.code == code && status.parse().is_ok_and(|it: u16| it == refusal.status)
            }
            None => refusal.code == name,
        };
        *own.iter()
            .chain(SHARED)
            .find(is_named)
            .unwrap_or_else(|| panic!("{name} is in no table of refusals"))
    }
}

/// What this crate itself refuses.
const SHARED: &[Refusal] = refusals! {
    400 "bad_request": "the body is no JSON, names a member twice, or breaks off";
    400 "cursor_invalid": "`cursor` is not one of this list's";
    400 "idempotency_key_missing": "the header `idempotency-key` is missing";
    400 "idempotency_key_invalid": "the key is not 1 to 255 visible ASCII characters";
    403 "forbidden": "the caller's role may not do this";
    404 "not_found": "there is no such object, or it is not the caller's";
    410 "history_restored": "the bank was restored, and ends before that sequence";
    413 "payload_too_large": "the body is too large";
    415 "unsupported_media_type": "the body has another media type, or a `content-encoding`";
    422 "validation_failed": "a member or parameter is unknown, missing, or wrong";
    422 "idempotency_key_reused": "another request had this `idempotency-key`";
    500 "internal_error": "the service has a fault";
    503 "service_unavailable": "the service cannot do it now; worth a retry";
    503 "storage_unavailable": "the disk fails";
    503 "clock_not_trusted": "the bank does not trust its clock, and changes nothing";
    507 "storage_full": "the store is full; nothing was changed";
};
