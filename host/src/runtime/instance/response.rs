//! The body of a guest's response on its way out: bounded, and broken off when its guest is gone.

use super::stats::Stats;
use crate::runtime::limits::guest_log::GuestLog;
use crate::runtime::limits::in_flight::InFlight;
use crate::telemetry::CurrentRequest;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use wasmtime_wasi_http::WasiBody;

/// The body of a guest's response.
pub struct GuestBody {
    inner: WasiBody,
    bytes_left: u64,
    in_flight: Arc<InFlight>,
    stats: Arc<Stats>,
    log: GuestLog,
    request: CurrentRequest,
}

/// Why a response breaks off.
#[derive(Debug, thiserror::Error)]
pub enum GuestBodyError {
    /// It is larger than the service may send.
    #[error("the response is larger than the service's limit")]
    TooLarge,
    /// Its client took nothing of it for too long.
    #[error("the client takes no more of the response")]
    NotTaken,
    /// The guest trapped, or ran out of time, in the middle of it.
    #[error("the component ended before its response did")]
    BrokenOff,
    /// The guest failed in the middle of it.
    #[error("the component failed while it was sending the response: {0}")]
    Guest(wasmtime_wasi_http::Error),
}

impl GuestBody {
    /// The body of the response to the request of this task.
    pub fn new(
        inner: WasiBody,
        bytes_max: u64,
        in_flight: Arc<InFlight>,
        stats: Arc<Stats>,
        log: GuestLog,
    ) -> Self {
        Self {
            inner,
            bytes_left: bytes_max,
            in_flight,
            stats,
            log,
            request: CurrentRequest::get(),
        }
    }

    /// Breaks off, which is a failure although the response's head looked well.
    fn fail(&self, error: GuestBodyError) -> Poll<Option<Result<Frame<Bytes>, GuestBodyError>>> {
        self.stats.count_failure();
        if self.log.admits_line() {
            tracing::warn!(
                service = self.log.service(),
                request_id = self.request.id(),
                %error,
                "a response broke off after its head"
            );
        }
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for GuestBody {
    type Data = Bytes;
    type Error = GuestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, GuestBodyError>>> {
        let frame = match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => {
                return self.fail(GuestBodyError::Guest(error));
            }
            Poll::Ready(None) if self.in_flight.is_broken_off() => {
                return self.fail(GuestBodyError::BrokenOff);
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            None => self.fail(GuestBodyError::TooLarge),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
