//! Reads the bodies of requests.
//!
//! A body is read whole, within its limit, before an instance is taken: a slow client holds a
//! connection, never an instance.

use super::body_memory::{BodyShare, SMALL_BYTES_MAX};
use super::problem::GatewayError;
use crate::arriving_body::ArrivingBody;
use crate::connections::Connection;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body::Body as _;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime_wasi_http::WasiBody;

/// In each period this many bytes of a body must arrive, or its end: 1 KiB a second.
const PACE_TIME: Duration = Duration::from_secs(10);
const PACE_BYTES: usize = 10 << 10;

/// Reads the body of a request that came by a connection. The share must live as long as the body.
///
/// # Errors
/// The body is too large, too slow, or broken, or there is no memory for it.
pub(super) async fn read(
    head: &Parts,
    body: &mut ArrivingBody,
    share: &mut BodyShare<'_>,
    connection: &Arc<Connection>,
) -> Result<WasiBody, GatewayError> {
    if body.is_end_stream() {
        let empty = Empty::new().map_err(|never| match never {});
        return Ok(empty.boxed_unsync());
    }
    let _receiving = connection.begin_receiving();
    let bytes_max = share.service.limits.request_body;
    let announced = announced_length(head);
    if announced.is_some_and(|announced| announced > bytes_max) {
        return Err(GatewayError::PayloadTooLarge(bytes_max));
    }
    let _arriving = share.begin()?;
    let whole = read_to_the_end(body.rest(), announced, share, connection).await?;
    let whole = Full::new(whole);
    Ok(whole.map_err(|never| match never {}).boxed_unsync())
}

fn announced_length(head: &Parts) -> Option<u64> {
    let length = head.headers.get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

async fn read_to_the_end(
    body: &mut Incoming,
    announced: Option<u64>,
    share: &mut BodyShare<'_>,
    connection: &Connection,
) -> Result<Bytes, GatewayError> {
    let bytes_max = share.service.limits.request_body;
    let mut whole = BytesMut::new();
    let mut pace_until = Instant::now() + PACE_TIME;
    let mut pace_bytes = 0;
    loop {
        let frame = tokio::time::timeout_at(pace_until, body.frame()).await;
        let Some(frame) = frame.map_err(|_| GatewayError::BodyTooSlow)? else {
            break;
        };
        // A component that gets a whole body has no use for trailers.
        let Ok(data) = frame.map_err(|_| GatewayError::BrokenBody)?.into_data() else {
            continue;
        };
        pace_bytes += data.len();
        if pace_bytes >= PACE_BYTES {
            let now = Instant::now();
            connection.note_activity(now.into_std());
            pace_until = now + PACE_TIME;
            pace_bytes = 0;
        }
        let bytes = u64::try_from(whole.len() + data.len()).unwrap_or(u64::MAX);
        if bytes > bytes_max {
            return Err(GatewayError::PayloadTooLarge(bytes_max));
        }
        share.grow_to(bytes)?;
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        if whole.len() <= SMALL_BYTES_MAX && whole.len() + data.len() > SMALL_BYTES_MAX {
            // A buffer that doubles would be copied again and again, and be half empty. Unfilled
            // pages take no memory.
            let length = announced.and_then(|bytes| usize::try_from(bytes).ok());
            whole.reserve(length.unwrap_or_default().saturating_sub(whole.len()));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
