//! Tables of calls that are refused.

use crate::Client;
use crate::bank::new_key;
use serde_json::Value;

/// Sends each call of a table, and asserts how it is refused.
///
/// ```text
/// refusals! {
///     teller => POST "/api/accounts/{id}/freeze" {"stops": "x"}
///         => 422 "validation_failed" "/stops";
///     customer => POST "/api/accounts/{id}/freeze" => 403 "forbidden";
/// }
/// ```
///
/// A row has the client, the method, the path (a format string), a JSON body in braces or an
/// expression of one in parentheses, the status, the code, and the pointer of an error.
#[macro_export]
macro_rules! refusals {
    ($(
        $client:expr => $method:ident $path:literal $({ $($json:tt)* })? $(($body:expr))?
            => $status:literal $code:literal $($pointer:literal)?;
    )+) => {$(
        $crate::refusals::assert_refused(
            &$client,
            stringify!($method),
            &format_args!($path).to_string(),
            [$($crate::json!({ $($json)* }),)? $($crate::json!($body))?].into_iter().next(),
            $status,
            $code,
            [$($pointer)?].into_iter().next(),
        )
        .await;
    )+};
}

/// Sends a call under a new idempotency key, and asserts how it is refused.
pub async fn assert_refused(
    client: &Client,
    method: &str,
    path: &str,
    body: Option<Value>,
    status: u16,
    code: &str,
    pointer: Option<&str>,
) {
    let mut call = client.call(method, path).key(&new_key());
    if let Some(body) = &body {
        call = call.json(body);
    }
    let answer = call.await;
    println!("{method} {path}: {}", answer.text());
    match pointer {
        Some(pointer) => answer.refused_at(status, code, pointer),
        None => answer.refused(status, code),
    };
}
