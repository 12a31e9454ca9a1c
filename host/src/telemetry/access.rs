//! The access log: one line for each request. It does not use `tracing`, which costs a small
//! request some microseconds.

use super::batch::BatchWriter;
use super::line_budget::{LineBudget, Verdict};
use crate::client::Client;
use crate::wall_clock::rfc3339;
use serde::Serialize;
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

/// The target that the filter matches.
pub(super) const TARGET: &str = "access";

/// Where the lines go. Not set if the filter turns them off.
static LOG: OnceLock<AccessLog> = OnceLock::new();

struct AccessLog {
    writer: BatchWriter,
    is_json: bool,
    strangers: LineBudget,
}

/// The line of a request.
#[derive(Debug, Serialize)]
pub struct AccessLine<'a> {
    /// The id in `x-request-id`.
    pub request_id: &'a str,
    /// The service that the path names, if there is such a service.
    pub service: Option<&'a str>,
    /// The HTTP method.
    pub method: &'a str,
    /// The path without its query, which may hold secrets.
    pub path: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The time from the request's head to the response's.
    pub microseconds: u64,
    /// The client's address, as the trusted proxies say.
    pub address: IpAddr,
    /// The user, or the customer or client for whom a key acts; none before they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'a str>,
    /// The client whose API key it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<&'a str>,
    /// The code of the problem document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    /// Why the response is a failure, for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'a str>,
}

#[cfg(test)]
impl<'a> AccessLine<'a> {
    /// That of a read by nobody.
    pub(super) fn of(request_id: &'a str, path: &'a str) -> Self {
        Self {
            request_id,
            service: None,
            method: "GET",
            path,
            status: 200,
            microseconds: 7,
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            subject: None,
            client: None,
            code: None,
            cause: None,
        }
    }
}

/// The line with the members of every line of the log.
#[derive(Serialize)]
struct LabelledLine<'a> {
    timestamp: &'a str,
    level: &'static str,
    target: &'static str,
    #[serde(flatten)]
    line: &'a AccessLine<'a>,
}

pub(super) fn start(writer: BatchWriter, is_json: bool) {
    // A second start would be a programmer's error; the first one stays.
    let _ = LOG.set(AccessLog {
        writer,
        is_json,
        strangers: LineBudget::default(),
    });
}

impl AccessLine<'_> {
    /// Writes the line, unless too many strangers at this address have one.
    pub fn write(&self) {
        let Some(log) = LOG.get() else { return };
        if self.subject.is_none() {
            let stranger = Client::of_address(self.address);
            match log.strangers.count(stranger, Instant::now()) {
                Verdict::LeaveOut => return,
                Verdict::Write { left_out: 0 } => {}
                Verdict::Write { left_out } => tracing::warn!(
                    address = %self.address,
                    left_out,
                    "the access log lacks requests without a caller: there were too many"
                ),
            }
        }
        let timestamp = rfc3339::of(SystemTime::now());
        let mut text = Vec::with_capacity(320);
        if log.is_json {
            let labelled = LabelledLine {
                timestamp: &timestamp,
                level: "INFO",
                target: TARGET,
                line: self,
            };
            // A struct of texts and numbers always serialises.
            let _ = serde_json::to_writer(&mut text, &labelled);
        } else {
            // Writing to memory cannot fail.
            let _ = write!(
                text,
                "{timestamp}  {} {} {} {}us service={} request_id={} address={}",
                self.status,
                self.method,
                self.path,
                self.microseconds,
                self.service.unwrap_or("-"),
                self.request_id,
                self.address
            );
            let known = [
                ("subject", self.subject),
                ("client", self.client),
                ("code", self.code),
                ("cause", self.cause),
            ];
            for (name, value) in known {
                if let Some(value) = value {
                    // A guest may have chosen it: it makes no second line, and steers no terminal.
                    let _ = write!(text, " {name}={}", value.escape_debug());
                }
            }
        }
        text.push(b'\n');
        let _ = (&log.writer).write_all(&text);
    }
}
