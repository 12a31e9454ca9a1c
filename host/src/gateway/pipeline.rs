//! What happens to a request, step by step.

use super::admission::{Admission, confirm};
use super::body_memory::BodyMemory;
use super::cors::Cors;
use super::exchange::Exchange;
use super::figures::GatewayFigures;
use super::open_responses::OpenResponses;
use super::openapi::{DocsPage, Documents};
use super::problem::{GatewayError, METHODS_ALLOWED};
use super::proxies::TrustedProxies;
use super::rate::{self, RateLimits};
use super::request_id::REQUEST_ID;
use super::response_body::ResponseBody;
use super::service_path::ServicePath;
use super::{body, cors, identity, limits, service_problem, trace};
use crate::arriving_body::ArrivingBody;
use crate::client::Client;
use crate::connections::Connection;
use crate::keys::{Identity, Keys};
use crate::metrics::{Figures, Page};
use crate::registry::HostSpec;
use crate::runtime::{Generation, Services};
use crate::telemetry::{OpenSpan, RecentRequests, RequestWork, Traces, for_request};
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ALT_SVC, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE,
    HOST, SERVER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime_wasi_http::WasiBody;

/// Where the public keys are (RFC 8414 names the folder; `jwks.json` is what verifiers look for).
const JWKS_PATH: &str = "/.well-known/jwks.json";
/// Whose rates are those of the gateway's own pages: no service has this name.
const GATEWAY: &str = "";
/// The host of a request of HTTP/1.0, which need not name one (RFC 9112 section 3.3).
const DEFAULT_HOST: HeaderValue = HeaderValue::from_static("localhost");
/// For how long browsers must use nothing but TLS (RFC 6797): a year.
const ONLY_SECURE: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// Has a browser forget what it has of the whole origin, which all services share.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
/// A request whose body, or whose turn, comes later may begin after the end of the session or key
/// with which it was admitted.
const AT_ONCE: Duration = Duration::from_millis(1);
/// A response of more bytes is large.
const SMALL_RESPONSE_MAX: u64 = 16 << 10;
/// Why a client that takes too little gets no more.
const UNTAKEN: GatewayError =
    GatewayError::Unavailable("too many responses wait for you to take them; read these first");

/// The gateway: routes, authenticates, and hands requests to services.
pub struct Gateway {
    services: Arc<Services>,
    keys: Arc<Keys>,
    rates: RateLimits,
    cors: Option<Cors>,
    body_memory: BodyMemory,
    responses: Arc<OpenResponses>,
    documents: Documents,
    proxies: TrustedProxies,
    is_secure: bool,
    recent: Arc<RecentRequests>,
    traces: Option<Arc<Traces>>,
    pub(super) figures: GatewayFigures,
}

impl Figures for Gateway {
    fn write_to(&self, page: &mut Page) {
        self.figures.write_to(page);
    }
}

impl Gateway {
    /// A gateway in front of these services, which keeps its requests in `recent`, and some in
    /// `traces`.
    pub fn new(
        host: &HostSpec,
        services: Arc<Services>,
        keys: Arc<Keys>,
        recent: Arc<RecentRequests>,
        traces: Option<Arc<Traces>>,
    ) -> Self {
        Self {
            services,
            keys,
            rates: RateLimits::new(),
            cors: Cors::new(&host.cors_origins),
            body_memory: BodyMemory::new(),
            responses: Arc::default(),
            documents: Documents::default(),
            proxies: TrustedProxies(host.trusted_proxies.clone()),
            is_secure: host.tls.is_some(),
            recent,
            traces,
            figures: GatewayFigures::default(),
        }
    }

    /// Cancels responses that their clients do not take; to be called some times a second.
    pub(super) fn sweep(&self) {
        self.responses.sweep();
    }

    /// Responds to one request that came by a connection; a failure is a response too.
    pub(super) async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: IpAddr,
        connection: Arc<Connection>,
    ) -> Result<Response<ResponseBody>, Infallible> {
        let (head, mut body) = ArrivingBody::of(request);
        let recent = Arc::clone(&self.recent);
        let traces = self.traces.as_ref();
        let trace = traces.and_then(|traces| traces.begin(|| trace::parent_of(&head.headers)));
        let mut exchange = Exchange::begin(&head, peer, connection, recent, trace);
        let cors = self.cors.as_ref();
        let origin = cors.and_then(|cors| cors.allowed_origin(&head.headers));
        let mut response = match self.serve(&mut exchange, head, &mut body).await {
            Ok(response) => response,
            Err(error) => {
                self.figures.count_problem(error.code());
                exchange.fail(error)
            }
        };
        if self.cors.is_some() {
            cors::mark(&exchange.method, origin, response.headers_mut());
        }
        body.finish(exchange.connection(), &mut response).await;
        self.complete(&exchange, &mut response);
        if exchange.service.is_none() {
            let status = response.status().as_u16();
            let time = exchange.started.elapsed();
            self.figures.own_responses.count(status, time);
        }
        Ok(exchange.end(response))
    }

    /// The steps that [`gateway`](super) lists.
    async fn serve(
        &self,
        exchange: &mut Exchange,
        mut head: Parts,
        body: &mut ArrivingBody,
    ) -> Result<Response<ResponseBody>, GatewayError> {
        let address = self.proxies.client_of(exchange.peer, &head.headers);
        exchange.address = address;
        if self.cors.is_some() && head.method == Method::OPTIONS {
            return Ok(cors::preflight());
        }
        limits::check(&head)?;
        if is_for_the_gateway(&head) {
            return Ok(methods());
        }
        if head.uri.path() == JWKS_PATH {
            return self.public_keys(&head.method);
        }
        if let Some(page) = DocsPage::at(head.uri.path()) {
            return self.own_page(exchange, &page, &head, address);
        }
        let path = ServicePath::parse(head.uri.path())?;
        let generation = self.generation(path.service, exchange, &head.headers)?;
        exchange.generation = Some(generation.number());
        let spec = &generation.spec;
        let admission = Admission {
            rates: &self.rates,
            keys: &self.keys,
            spec,
            head: &head,
            rest: path.rest,
            by_address: Client::of_address(address),
            exchange,
        };
        let caller = admission.admit()?;
        let client = caller.client();
        if !self.responses.has_room(client) {
            return Err(UNTAKEN);
        }
        // Held until the component has responded.
        let mut share = self.body_memory.share(spec, caller.clients());
        let begun = Instant::now();
        let body = body::read(&head, body, &mut share, exchange.connection()).await?;
        let request_id = exchange.request_id.clone();
        let recorded = exchange.trace.as_ref().map(|trace| trace.for_service());
        let request = || {
            let confirmed = match begun.elapsed() > AT_ONCE {
                true => {
                    let path = ServicePath::parse(head.uri.path())?;
                    confirm(&self.keys, spec, &head, path.rest)?
                }
                false => None,
            };
            let identity = confirmed.as_ref().or(caller.identity());
            set_caller(&mut head, identity, address, &request_id);
            trace::begin_span(&mut head.headers, recorded);
            Ok(Request::from_parts(head, body))
        };
        let mut response = self.call(&generation, client, request, exchange).await?;
        if let Some(rate) = &exchange.rate {
            rate.write_to(response.headers_mut());
        }
        Ok(response)
    }

    /// Has a component respond to a request that was let in, and is made when it has its turn.
    async fn call(
        &self,
        generation: &Generation,
        client: Client,
        request: impl FnOnce() -> Result<Request<WasiBody>, GatewayError>,
        exchange: &mut Exchange,
    ) -> Result<Response<ResponseBody>, GatewayError> {
        let only_reads = exchange.method.is_safe();
        let work = RequestWork::of(exchange.request_id.clone());
        exchange.work = Some(Arc::clone(&work));
        let trace = exchange.trace.as_ref();
        let span = trace.map(|trace| trace.begin_serving(&generation.spec.name));
        let current = span.as_ref().and_then(OpenSpan::current);
        let served = generation.serve(client, request);
        let response = for_request(client, work, current, served).await;
        if let Some(span) = span {
            span.end(response.as_ref().err().map(GatewayError::code));
        }
        let response = response?;
        // More responses may wait for the client by now. That of a change is sent all the same.
        let is_large = response.body().size_hint().lower() > SMALL_RESPONSE_MAX;
        if only_reads && is_large && !self.responses.has_room(client) {
            return Err(UNTAKEN);
        }
        if service_problem::is_readable(&exchange.method, &response) {
            let (response, code) = service_problem::read(response).await?;
            exchange.code = code.map(Into::into);
            return Ok(response);
        }
        let connection = exchange.connection();
        Ok(response.map(|body| self.responses.add(client, body, connection).into()))
    }

    /// The generation that serves the request to its end, although another one may take over.
    fn generation(
        &self,
        service: &str,
        exchange: &mut Exchange,
        headers: &HeaderMap,
    ) -> Result<Arc<Generation>, GatewayError> {
        let table = self.services.routing_table();
        let route = table.get(service).ok_or(GatewayError::NoSuchService)?;
        exchange.service = Some(Arc::clone(&route.service));
        Ok(route.admit(headers)?)
    }

    /// A page for anyone, at the rate of public routes.
    fn own_page(
        &self,
        exchange: &mut Exchange,
        page: &DocsPage,
        head: &Parts,
        address: IpAddr,
    ) -> Result<Response<ResponseBody>, GatewayError> {
        let client = Client::of_address(address);
        let counted = self.rates.count(GATEWAY, rate::PUBLIC, client);
        let rate = exchange
            .rate
            .insert(counted.map_err(GatewayError::RateLimited)?);
        let mut response = self.documents.respond(page, head, &self.services)?;
        rate.write_to(response.headers_mut());
        Ok(response)
    }

    fn public_keys(&self, method: &Method) -> Result<Response<ResponseBody>, GatewayError> {
        limits::only_reads(method)?;
        let keys = self.keys.public_set().as_bytes().to_vec();
        let mut response = Response::new(ResponseBody::from(keys));
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, "application/jwk-set+json"),
            (CACHE_CONTROL, "public, max-age=300"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Ok(response)
    }

    /// Adds what every response has.
    fn complete(&self, exchange: &Exchange, response: &mut Response<ResponseBody>) {
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, exchange.request_id.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.is_secure {
            headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_SECURE);
        }
        for of_all_services in [SERVER, ALT_SVC, CLEAR_SITE_DATA] {
            headers.remove(of_all_services);
        }
        if response.status() == StatusCode::NO_CONTENT {
            // RFC 9110 section 8.6.
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        if exchange.method == Method::HEAD
            && let Some(length) = response.body_mut().take_content()
        {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
    }
}

/// Whether it asks what the server as a whole can do (`OPTIONS *`, RFC 9110 section 9.3.7), or
/// whether a web page may call (a preflight of the Fetch standard). Where web pages may, [`cors`]
/// has responded before.
fn is_for_the_gateway(head: &Parts) -> bool {
    let is_preflight = head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    head.method == Method::OPTIONS && (is_preflight || head.uri.path() == "*")
}

fn methods() -> Response<ResponseBody> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allowed = HeaderValue::from_static(METHODS_ALLOWED);
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// Makes the request's head the one that a component gets: what the gateway knows of the caller
/// replaces what the client claims.
fn set_caller(
    head: &mut Parts,
    identity: Option<&Identity>,
    address: IpAddr,
    request_id: &HeaderValue,
) {
    let headers = &mut head.headers;
    if head.version == Version::HTTP_10 && head.uri.authority().is_none() {
        headers.entry(HOST).or_insert(DEFAULT_HOST);
    }
    identity::strip_claims(headers);
    identity::strip_token(headers);
    identity::insert_address(headers, address);
    if let Some(identity) = identity {
        identity::insert_identity(headers, identity);
    }
    headers.insert(REQUEST_ID, request_id.clone());
}
