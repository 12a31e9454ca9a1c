//! Sends a response through `wasi:http`.
//!
//! A body of known length goes out at once, with its length. A body of pieces goes out without:
//! each piece is made when the host has taken the previous one, so that neither side holds more
//! than a few pieces for a slow client. If such a body breaks off, its [`OutgoingBody`] is dropped
//! and not finished. The host then aborts the response, and the client sees that it is not whole.

use super::ready::ready;
use super::stream::write_all;
use axum::body::{Body, Bytes};
use http::response::Parts;
use http::{Method, Response, StatusCode, header};
use http_body_util::BodyExt;
use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{ErrorCode, Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::poll::poll;
use wasip2::io::streams::{OutputStream, StreamError};

/// One write passes at most so much of a body of pieces to the host, in bytes. The host keeps two
/// such parts.
const PART_BYTES_MAX: usize = 256 * 1024;
/// A response of pieces breaks off when the client has taken nothing for so long, in nanoseconds:
/// 10 s, in which a slow client reads a part. The instance handles no other request in the
/// meantime.
const STALL_NANOSECONDS_MAX: u64 = 10_000_000_000;

/// Fails a request. The reason goes to the service's log, and not to the client.
pub(super) fn fail(response_out: ResponseOutparam, reason: &str) {
    eprintln!("no response: {reason}");
    ResponseOutparam::set(response_out, Err(ErrorCode::InternalError(None)));
}

pub(super) fn send(response: Response<Bytes>, method: &Method, response_out: ResponseOutparam) {
    let (mut parts, content) = response.into_parts();
    let has_content = parts.status != StatusCode::NO_CONTENT;
    if !has_content {
        // RFC 9110 section 8.6: a 204 has no content-length. The router sets one on an empty body.
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    // The response to a HEAD has no body, and the length for a GET, which the router has set.
    let length = (has_content && method != Method::HEAD).then_some(content.len());
    let Some(body) = begin(&parts, length, response_out) else {
        return;
    };
    if let Ok(stream) = body.write() {
        // The write fails only if the client has gone away. There is nothing to do then.
        let wait = || {
            stream.subscribe().block();
            Ok::<_, StreamError>(())
        };
        drop(write_all(&stream, &content, wait));
    }
    drop(OutgoingBody::finish(body, None));
}

pub(super) fn send_pieces(parts: &Parts, body: Body, response_out: ResponseOutparam) {
    let Some(outgoing) = begin(parts, None, response_out) else {
        return;
    };
    match write_pieces(&outgoing, body) {
        Ok(()) => drop(OutgoingBody::finish(outgoing, None)),
        Err(BrokenOff::ClientGone) => {}
        Err(reason) => eprintln!("a response breaks off: {reason}"),
    }
}

/// Why a response breaks off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error("the client has gone away")]
    ClientGone,
    #[error("the client takes no more of it")]
    ClientStalled,
    #[error("its body does not finish")]
    NeverReady,
    #[error("{0}")]
    Body(axum::Error),
}

impl From<StreamError> for BrokenOff {
    fn from(_: StreamError) -> Self {
        Self::ClientGone
    }
}

/// Sends the status and the headers; none if the host refuses them.
fn begin(
    parts: &Parts,
    length: Option<usize>,
    response_out: ResponseOutparam,
) -> Option<OutgoingBody> {
    let mut fields: Vec<(String, Vec<u8>)> = Vec::with_capacity(parts.headers.len() + 1);
    for (name, value) in &parts.headers {
        fields.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    let says_length = parts.headers.contains_key(header::CONTENT_LENGTH);
    if let Some(length) = length
        && !says_length
    {
        let length = length.to_string().into_bytes();
        fields.push((header::CONTENT_LENGTH.as_str().to_owned(), length));
    }
    let Ok(fields) = Fields::from_list(&fields) else {
        fail(response_out, "the host refuses the headers of the response");
        return None;
    };
    let response = OutgoingResponse::new(fields);
    let is_status = response.set_status_code(parts.status.as_u16()).is_ok();
    let (true, Ok(body)) = (is_status, response.body()) else {
        fail(response_out, "the host refuses the status of the response");
        return None;
    };
    ResponseOutparam::set(response_out, Ok(response));
    Some(body)
}

fn write_pieces(outgoing: &OutgoingBody, mut body: Body) -> Result<(), BrokenOff> {
    let stream = outgoing.write().map_err(|()| BrokenOff::ClientGone)?;
    while let Some(frame) = ready(body.frame()).ok_or(BrokenOff::NeverReady)? {
        // No handler sends trailers.
        let Ok(piece) = frame.map_err(BrokenOff::Body)?.into_data() else {
            continue;
        };
        for part in piece.chunks(PART_BYTES_MAX) {
            write_all(&stream, part, || wait_for_client(&stream))?;
        }
    }
    Ok(())
}

/// Waits until the client has taken something.
fn wait_for_client(stream: &OutputStream) -> Result<(), BrokenOff> {
    let stalled = monotonic_clock::subscribe_duration(STALL_NANOSECONDS_MAX);
    if poll(&[&stream.subscribe(), &stalled]).contains(&0) {
        Ok(())
    } else {
        Err(BrokenOff::ClientStalled)
    }
}
