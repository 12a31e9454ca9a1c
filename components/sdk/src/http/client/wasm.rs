//! The client on `wasi:http/outgoing-handler`, without an async runtime.

use super::super::stream::write_all;
use super::{Client, Post, Requests, SendError, Target};
use bindings::strongroom::service::outbound;
use std::time::Duration;
use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{OutputStream, StreamError};

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/service",
        inline: "
            package strongroom:sdk-client;
            world imports { import strongroom:service/outbound@0.1.0; }
        ",
        world: "strongroom:sdk-client/imports",
        generate_all,
    });
}

/// The client of a component. The registry says which origins it reaches.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClient;

impl Client for HostClient {
    type Requests<K> = HostRequests<K>;

    fn allows(&self, target: &Target) -> bool {
        outbound::allows(&target.url())
    }

    fn requests<K>(&self, timeout: Duration) -> HostRequests<K> {
        HostRequests {
            timeout_ns: nanoseconds(timeout),
            under_way: Vec::new(),
            ended: Vec::new(),
        }
    }
}

/// Requests that the host sends.
#[derive(Debug)]
pub struct HostRequests<K> {
    timeout_ns: u64,
    /// In the order in which they were sent, which is that of their timers.
    under_way: Vec<UnderWay<K>>,
    /// Those that the host has refused.
    ended: Vec<(K, Result<u16, SendError>)>,
}

#[derive(Debug)]
struct UnderWay<K> {
    key: K,
    future: FutureIncomingResponse,
    timer: Pollable,
}

impl<K> Requests<K> for HostRequests<K> {
    fn send(&mut self, key: K, post: &Post) {
        let timer = monotonic_clock::subscribe_duration(self.timeout_ns);
        match send(post, &timer) {
            Ok(future) => self.under_way.push(UnderWay { key, future, timer }),
            Err(error) => self.ended.push((key, Err(error))),
        }
    }

    fn wait(&mut self, at_most: Duration) -> Vec<(K, Result<u16, SendError>)> {
        if self.ended.is_empty()
            && let Some(first) = self.under_way.first()
        {
            let pause = monotonic_clock::subscribe_duration(nanoseconds(at_most));
            let responses: Vec<Pollable> = self
                .under_way
                .iter()
                .map(|request| request.future.subscribe())
                .collect();
            let all: Vec<&Pollable> = responses.iter().chain([&first.timer, &pause]).collect();
            poll(&all);
        }
        let mut ended = std::mem::take(&mut self.ended);
        for request in std::mem::take(&mut self.under_way) {
            match request.result() {
                Some(result) => ended.push((request.key, result)),
                None => self.under_way.push(request),
            }
        }
        ended
    }
}

impl<K> UnderWay<K> {
    /// The result, if there is one by now.
    fn result(&self) -> Option<Result<u16, SendError>> {
        match self.future.get() {
            Some(Ok(Ok(response))) => Some(Ok(response.status())),
            Some(Ok(Err(error))) => Some(Err(error.into())),
            Some(Err(())) => Some(Err(SendError::Failed("the response is gone".to_owned()))),
            None => self.timer.ready().then_some(Err(SendError::TimedOut)),
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn send(post: &Post, timer: &Pollable) -> Result<FutureIncomingResponse, SendError> {
    let refused = |what: &str| SendError::Failed(format!("the host refuses the {what}"));
    let request = OutgoingRequest::new(fields(post)?);
    let scheme = if post.target.is_https() {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let is_complete = request.set_method(&Method::Post).is_ok()
        && request.set_scheme(Some(&scheme)).is_ok()
        && request.set_authority(Some(post.target.authority())).is_ok()
        && request
            .set_path_with_query(Some(post.target.path_and_query()))
            .is_ok();
    if !is_complete {
        return Err(refused("address"));
    }
    let body = request.body().map_err(|()| refused("body"))?;
    let future = outgoing_handler::handle(request, None)?;
    let is_written = body.write().is_ok_and(|stream| {
        write_all(&stream, &post.body, || wait_for_host(&stream, timer)).is_ok()
    });
    // A request without all of its body fails, and its response says so.
    if is_written {
        drop(OutgoingBody::finish(body, None));
    }
    Ok(future)
}

fn fields(post: &Post) -> Result<Fields, SendError> {
    let mut fields: Vec<(String, Vec<u8>)> = post
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()))
        .collect();
    let length = post.body.len().to_string();
    fields.push(("content-length".to_owned(), length.into_bytes()));
    Fields::from_list(&fields)
        .map_err(|error| SendError::Failed(format!("the host refuses the headers: {error}")))
}

/// Waits until the host has taken something, or the time is up.
fn wait_for_host(stream: &OutputStream, timer: &Pollable) -> Result<(), SendError> {
    if timer.ready() {
        return Err(SendError::TimedOut);
    }
    poll(&[&stream.subscribe(), timer]);
    Ok(())
}

impl From<StreamError> for SendError {
    fn from(error: StreamError) -> Self {
        Self::Failed(format!("the host refuses the body: {error}"))
    }
}

impl From<ErrorCode> for SendError {
    fn from(error: ErrorCode) -> Self {
        match error {
            ErrorCode::HttpRequestDenied => Self::NotAllowed,
            ErrorCode::ConnectionTimeout
            | ErrorCode::HttpResponseTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout => Self::TimedOut,
            other => Self::Failed(other.to_string()),
        }
    }
}
