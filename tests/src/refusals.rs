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
        $crate::refusals::Refusal {
            client: &$client,
            method: stringify!($method),
            path: format_args!($path).to_string(),
            body: [$($crate::json!({ $($json)* }),)? $($crate::json!($body))?].into_iter().next(),
            status: $status,
            code: $code,
            pointer: [$($pointer)?].into_iter().next(),
        }
        .assert()
        .await;
    )+};
}

/// A row of the table of [`refusals!`](crate::refusals!).
#[derive(Debug)]
pub struct Refusal<'a> {
    pub client: &'a Client,
    pub method: &'static str,
    pub path: String,
    pub body: Option<Value>,
    pub status: u16,
    pub code: &'static str,
    pub pointer: Option<&'static str>,
}

impl Refusal<'_> {
    /// Sends the call under a new idempotency key.
    pub async fn assert(self) {
        let Self { method, path, .. } = &self;
        let mut call = self.client.call(method, path).key(&new_key());
        if let Some(body) = &self.body {
            call = call.json(body);
        }
        let answer = call.await;
        println!("{method} {path}: {}", answer.text());
        match self.pointer {
            Some(pointer) => answer.refused_at(self.status, self.code, pointer),
            None => answer.refused(self.status, self.code),
        };
    }
}
