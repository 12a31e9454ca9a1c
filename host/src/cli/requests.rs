//! `strongroom requests`: what a recent request did, for operators.

use super::host_client::{HostClient, HostTarget};
use super::printable;
use http::StatusCode;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct RequestsArguments {
    /// The `x-request-id` of the response, which the log has too
    id: String,
    #[command(flatten)]
    target: HostTarget,
}

pub(super) async fn run(arguments: RequestsArguments) -> anyhow::Result<ExitCode> {
    let found = find(&arguments.target.client()?, &arguments.id).await?;
    print!("{found}");
    Ok(ExitCode::SUCCESS)
}

async fn find(client: &HostClient, id: &str) -> anyhow::Result<String> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    anyhow::ensure!(
        !id.is_empty() && id.bytes().all(is_id),
        "`{id}` is no id of a request: take the response's `x-request-id`"
    );
    let (status, body) = client.get(&format!("/requests/{id}")).await?;
    if status != StatusCode::OK {
        let reason = String::from_utf8_lossy(&body).trim().to_owned();
        anyhow::bail!("{reason}");
    }
    let found: Value = client.read(&body)?;
    let requests = found["requests"].as_array().into_iter().flatten();
    let texts: Vec<String> = requests.map(describe).collect();
    Ok(texts.join("\n"))
}

/// A request for people: a line, what is known of it, and a line for each thing that it did.
fn describe(request: &Value) -> String {
    let word = |name: &str| text(&request[name]);
    let mut shown = format!(
        "{}  {} {}  {}  {} us\n",
        word("ended_at"),
        word("method"),
        word("path"),
        word("status"),
        word("microseconds"),
    );
    let named = [
        "service",
        "generation",
        "subject",
        "role",
        "client",
        "code",
        "cause",
        "busy_microseconds",
    ];
    let known = named.into_iter().filter(|name| !request[name].is_null());
    let mut line = |name: &str, what: &str| {
        // Writing to memory cannot fail.
        let _ = writeln!(shown, "  {name:<18} {what}");
    };
    for name in known {
        line(name, &word(name));
    }
    for call in request["link_calls"].as_array().into_iter().flatten() {
        let [service, function, micros, outcome] =
            ["service", "function", "microseconds", "outcome"].map(|name| text(&call[name]));
        line(
            "link call",
            &format!("{service} {function}: {outcome} in {micros} us"),
        );
    }
    if request["link_calls_left_out"].as_u64() > Some(0) {
        line(
            "link calls",
            &format!("{} more", word("link_calls_left_out")),
        );
    }
    for store in request["stores"].as_array().into_iter().flatten() {
        let service = text(&store["service"]);
        let calls = ["reads", "write_waits", "commits"].map(|kind| {
            let (count, micros) = (&store[kind]["count"], &store[kind]["microseconds"]);
            format!("{count} {kind} in {micros} us")
        });
        line("store", &format!("{service}: {}", calls.join(", ")));
    }
    shown
}

/// A value without quotes, in one line.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text).replace('\n', " "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_described_line_by_line() {
        let request = json!({
            "ended_at": "2026-11-22T12:00:00Z", "method": "POST", "path": "/api/x\u{1b}[2J",
            "status": 502, "microseconds": 70, "service": "x", "generation": 2, "subject": null,
            "cause": "it trapped", "busy_microseconds": 60, "link_calls_left_out": 3,
            "link_calls": [
                {"service": "y", "function": "a#b", "microseconds": 9, "outcome": "done"},
            ],
            "stores": [{
                "service": "x", "reads": {"count": 1, "microseconds": 2},
                "write_waits": {"count": 0, "microseconds": 0},
                "commits": {"count": 0, "microseconds": 0},
            }],
        });
        let expected = "\
2026-11-22T12:00:00Z  POST /api/x[2J  502  70 us
  service            x
  generation         2
  cause              it trapped
  busy_microseconds  60
  link call          y a#b: done in 9 us
  link calls         3 more
  store              x: 1 reads in 2 us, 0 write_waits in 0 us, 0 commits in 0 us
";
        assert_eq!(describe(&request), expected);
    }
}
