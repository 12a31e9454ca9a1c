//! HTTP requests that guests send. They reach only the origins that the registry names for the
//! service, and by default none.

mod send;
mod target;
mod wasi_0_2;
mod wasi_0_3;

pub use wasi_0_2::add_wasi_0_2;
pub use wasi_0_3::add_wasi_0_3;

use crate::registry::Origin;
use send::{Times, send};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::{HasData, Linker};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks,
};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/service",
        inline: "package strongroom:host-outbound; world imports { import strongroom:service/outbound@0.1.0; }",
        world: "strongroom:host-outbound/imports",
    });
}

use bindings::strongroom::service::outbound;

/// Made once: the engine asks for it with every header.
static FORBIDDEN: LazyLock<ForbiddenHeaderFilter> =
    LazyLock::new(|| Arc::new(|name| DEFAULT_FORBIDDEN_HEADERS.contains(name)));

/// How much of a body a guest may write at once, in bytes. The host holds up to three such parts of
/// a response that its client does not read; then the guest waits.
const BODY_PART_BYTES: usize = 256 << 10;
/// How many bodies of a call have such parts; the others have smaller ones. The host holds what is
/// written to a body that is never sent.
const LARGE_BODIES_MAX: usize = 8;
const SMALL_BODY_PART_BYTES: usize = 8 << 10;

/// How many requests all instances of a service may have open. Each takes a socket, of which the
/// process has a limited number.
const AT_ONCE_MAX: usize = 64;

/// Where the guests of a service may send requests.
#[derive(Debug, Clone)]
pub struct Outside {
    allowed: Arc<[Origin]>,
    places: Arc<Semaphore>,
}

impl Outside {
    pub fn new(allowed: &[Origin]) -> Self {
        Self {
            allowed: allowed.into(),
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
        }
    }
}

/// The outside as one instance may reach it.
#[derive(Debug, Clone)]
pub struct Outbound {
    outside: Outside,
    time_max: Duration,
    /// How many bodies this call has made.
    bodies: usize,
    /// Whether the instance has a write transaction open. Then it may not wait for others.
    pub is_writing: bool,
}

impl Outbound {
    /// Each answer comes within `time_max`.
    pub fn new(outside: Outside, time_max: Duration) -> Self {
        Self {
            outside,
            time_max,
            bodies: 0,
            is_writing: false,
        }
    }

    /// Begins a call.
    pub fn begin_call(&mut self) {
        self.bodies = 0;
    }

    fn body_part_bytes(&mut self) -> usize {
        self.bodies += 1;
        match self.bodies <= LARGE_BODIES_MAX {
            true => BODY_PART_BYTES,
            false => SMALL_BODY_PART_BYTES,
        }
    }

    /// Whether the registry names the origin of a URL.
    fn names(&self, uri: &http::Uri) -> bool {
        Origin::of(uri).is_some_and(|origin| self.outside.allowed.contains(&origin))
    }

    fn allows(&self, request: &http::Request<WasiBody>) -> bool {
        !self.is_writing && self.names(request.uri())
    }

    /// The guest's wishes, as far as its time goes.
    fn bounded(&self, options: Option<RequestOptions>) -> Times {
        let options = options.unwrap_or_default();
        let bounded =
            |wish: Option<Duration>| wish.map_or(self.time_max, |time| time.min(self.time_max));
        Times {
            connect: bounded(options.connect_timeout),
            first_byte: bounded(options.first_byte_timeout),
            between_bytes: bounded(options.between_bytes_timeout),
        }
    }
}

/// Gives `strongroom:service/outbound` to the components of a linker.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> &mut Outbound,
) -> wasmtime::Result<()> {
    outbound::add_to_linker::<T, HasOutbound>(linker, view)
}

struct HasOutbound;

impl HasData for HasOutbound {
    type Data<'a> = &'a mut Outbound;
}

impl outbound::Host for Outbound {
    fn allows(&mut self, url: String) -> bool {
        url.parse().is_ok_and(|uri| self.names(&uri))
    }
}

type SentResponse = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

impl WasiHttpHooks for Outbound {
    fn is_forbidden_header(&mut self, name: &http::HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        self.body_part_bytes()
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        self.body_part_bytes()
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::clone(&FORBIDDEN)
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<SentResponse, Error>> + Send> {
        if !self.allows(&request) {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let Ok(place) = Arc::clone(&self.outside.places).try_acquire_owned() else {
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        };
        let times = self.bounded(options);
        Box::new(async move {
            let (response, rest) = send(request, times).await?;
            let rest = async move {
                let outcome = rest.await;
                drop(place);
                outcome
            };
            Ok((
                response,
                Box::new(rest) as Box<dyn Future<Output = _> + Send>,
            ))
        })
    }
}
