//! The client on `wasi:http/outgoing-handler`, without an async runtime.

use super::super::stream::write_all;
use super::{Client, Post, SendError, Target};
use bindings::strongroom::service::outbound;
use std::time::Duration;
use wasip2::clocks::monotonic_clock;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
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
    fn allows(&self, target: &Target) -> bool {
        outbound::allows(&target.url())
    }

    fn post_all(&self, posts: &[Post], timeout: Duration) -> Vec<Result<u16, SendError>> {
        let nanoseconds = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        let timer = monotonic_clock::subscribe_duration(nanoseconds);
        let sent = posts.iter().map(|post| send(post, nanoseconds, &timer));
        let mut all: Vec<Sent> = sent.collect();
        while !timer.ready() && wait(&all, &timer) {
            for sent in &mut all {
                sent.look();
            }
        }
        all.into_iter().map(Sent::end).collect()
    }
}

/// A request that was sent, and its response.
enum Sent {
    UnderWay(FutureIncomingResponse),
    Done(Result<u16, SendError>),
}

impl Sent {
    fn look(&mut self) {
        let Self::UnderWay(future) = self else {
            return;
        };
        let result = match future.get() {
            None => return,
            Some(Ok(Ok(response))) => Ok(response.status()),
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(())) => Err(SendError::Failed("the response is gone".to_owned())),
        };
        *self = Self::Done(result);
    }

    fn end(self) -> Result<u16, SendError> {
        match self {
            Self::UnderWay(_) => Err(SendError::TimedOut),
            Self::Done(result) => result,
        }
    }
}

/// Waits until there is a response, or the time is up; false if no request waits for one.
fn wait(sent: &[Sent], timer: &Pollable) -> bool {
    let under_way: Vec<Pollable> = sent
        .iter()
        .filter_map(|request| match request {
            Sent::UnderWay(future) => Some(future.subscribe()),
            Sent::Done(_) => None,
        })
        .collect();
    if under_way.is_empty() {
        return false;
    }
    let all: Vec<&Pollable> = under_way.iter().chain([timer]).collect();
    poll(&all);
    true
}

fn send(post: &Post, nanoseconds: u64, timer: &Pollable) -> Sent {
    match try_send(post, nanoseconds, timer) {
        Ok(future) => Sent::UnderWay(future),
        Err(error) => Sent::Done(Err(error)),
    }
}

fn try_send(
    post: &Post,
    nanoseconds: u64,
    timer: &Pollable,
) -> Result<FutureIncomingResponse, SendError> {
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
    let options = RequestOptions::new();
    // A host may ignore these: the timer limits the call in any case.
    let _ = options.set_connect_timeout(Some(nanoseconds));
    let _ = options.set_first_byte_timeout(Some(nanoseconds));
    let body = request.body().map_err(|()| refused("body"))?;
    let future = outgoing_handler::handle(request, Some(options))?;
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
