//! Serves an HTTP request in an instance of the pool.
//!
//! The task of the client's connection runs the guest, so an ordinary request waits for no other
//! task. A guest that goes on after the head of its response, or whose client has left, goes on in
//! a task of its own: the request may move money, and only its own limits end it.

use super::busy;
use super::context::Context;
use super::failure::{cause, took_too_long};
use super::pool::{InstancePool, PooledInstance};
use crate::runtime::limits::in_flight::{BreakOff, InFlight, Release};
use crate::telemetry::CurrentRequest;
use futures::FutureExt as _;
use http_body_util::BodyExt as _;
use std::future::{pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;
use wasmtime::{AsContextMut as _, Result, format_err};
use wasmtime_wasi_http::handler::{Prepared, Proxy};
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

/// After how long a response that has begun, and has not ended, is slow, and how often that is
/// checked.
const SLOW_AFTER: Duration = Duration::from_secs(1);

type Request = http::Request<WasiBody>;
type Response = http::Response<WasiBody>;
/// Takes the head of the response, with a body that follows.
type Head = oneshot::Sender<Result<Response>>;

impl InstancePool {
    /// Serves a request, and returns when the response has a head.
    ///
    /// # Errors
    /// The guest trapped, ran out of time, or returned no response; or there is no instance.
    pub async fn handle(
        self: &Arc<Self>,
        request: Request,
        in_flight: &Arc<InFlight>,
    ) -> Result<Response> {
        let (head, mut response) = oneshot::channel();
        let run = Arc::clone(self).run(request, head, Arc::clone(in_flight));
        let run = AssertUnwindSafe(run).catch_unwind().map(|ended| {
            ended.unwrap_or_else(|_| Err(format_err!("the host panicked in a call of the guest")))
        });
        let mut guest = Guest {
            run: Some(Box::pin(run)),
            pool: self,
            in_flight,
        };
        poll_fn(|cx| {
            if let Poll::Ready(ended) = guest.poll(cx) {
                return Poll::Ready(response.try_recv().unwrap_or_else(|_| {
                    let silent = || format_err!("the guest returned without a response");
                    Err(ended.err().unwrap_or_else(silent))
                }));
            }
            // A guest that has dropped what takes its response may still fail: its end decides.
            if response.is_terminated() {
                return Poll::Pending;
            }
            match Pin::new(&mut response).poll(cx) {
                Poll::Ready(Ok(response)) => Poll::Ready(response),
                Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Runs the guest to its end, within the wall time of a call.
    async fn run(
        self: Arc<Self>,
        request: Request,
        head: Head,
        in_flight: Arc<InFlight>,
    ) -> Result<()> {
        // Dropped last: the next request may make an instance, in addition to this one.
        let _slot = Release(&in_flight);
        busy::timed(
            self.figures(),
            self.run_in_instance(request, head, &in_flight),
        )
        .await
    }

    async fn run_in_instance(
        &self,
        request: Request,
        head: Head,
        in_flight: &Arc<InFlight>,
    ) -> Result<()> {
        let mut instance = self.take().await?;
        let times = self.times();
        instance.begin_call(&times, Some(Arc::clone(in_flight)));
        // Dropped before the instance, and with it the other end of the response's body.
        let unfinished = BreakOff(in_flight);
        let handled = timeout(times.wall, instance.handle(request, head)).await;
        let error = match handled {
            Ok(Ok(())) => {
                unfinished.disarm();
                self.keep(instance);
                return Ok(());
            }
            Ok(Err(error)) => error,
            Err(_) => {
                in_flight.end_time();
                wasmtime::Error::msg(took_too_long(times.wall))
            }
        };
        self.note_failure(&cause(&error, &times, instance.was_refused_memory()));
        Err(error)
    }
}

/// A guest that runs. Dropped before its end, it goes on in a task of its own.
struct Guest<'a> {
    run: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
    pool: &'a InstancePool,
    in_flight: &'a Arc<InFlight>,
}

impl Guest<'_> {
    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<()>> {
        let Some(run) = &mut self.run else {
            return Poll::Pending;
        };
        let ended = run.as_mut().poll(cx);
        if ended.is_ready() {
            self.run = None;
        }
        ended
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        let (Some(mut run), Ok(runtime)) = (self.run.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let in_flight = Arc::clone(self.in_flight);
        let service = self.pool.service();
        runtime.spawn(CurrentRequest::get().scope(async move {
            while timeout(SLOW_AFTER, &mut run).await.is_err() {
                if !in_flight.may_be_slow() {
                    tracing::warn!(
                        %service,
                        request_id = CurrentRequest::get().id(),
                        "too many responses are slow: one of them breaks off"
                    );
                    return;
                }
            }
        }));
    }
}

impl PooledInstance {
    async fn handle(&mut self, request: Request, head: Head) -> Result<()> {
        match &self.proxy {
            Proxy::P2(guest) => {
                let mut http = self.store.data_mut().http();
                let request = http.new_incoming_request(Scheme::Http, request)?;
                let response_out = http.new_response_outparam_from_callback(|response| {
                    // The receiver is gone when the client is.
                    let _ = head.send(response.map_err(Into::into));
                })?;
                guest
                    .wasi_http_incoming_handler()
                    .call_handle(&mut self.store, request, response_out)
                    .await
            }
            proxy @ Proxy::P3(guest) => {
                let function = *guest.wasi_http_handler().func_handle().func();
                let run = self.store.run_concurrent(async |accessor| {
                    let (sender, response) = futures::channel::oneshot::channel();
                    let prepared = accessor.with(|mut store| {
                        let store = store.as_context_mut();
                        Prepared::new(store, proxy, request, Context::http, sender)
                    })?;
                    prepared.run(accessor, pending()).await?;
                    let (gone, body_gone) = oneshot::channel::<()>();
                    let held = |body: WasiBody| {
                        // `gone` is dropped with the body.
                        let with_gone = move |error| {
                            let _held = &gone;
                            error
                        };
                        body.map_err(with_gone).boxed_unsync()
                    };
                    // The receiver is gone when the client is.
                    let _ = head.send(response.await?.map(|response| response.map(held)));
                    poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
                    // The event loop of the store moves the rest of the body.
                    let _ = body_gone.await;
                    let takes_calls = poll_fn(|cx| {
                        Poll::Ready(accessor.poll_ready_for_concurrent_call(function, cx))
                    });
                    wasmtime::error::Ok(takes_calls.await.is_ready())
                });
                if !run.await?? {
                    self.retire();
                }
                Ok(())
            }
        }
    }
}
