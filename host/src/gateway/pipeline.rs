//! What happens to a request, step by step.

use super::body::{self, BodyMemory};
use super::exchange::AccessRecord;
use super::open_responses::Answers;
use super::problem::GatewayError;
use super::proxies::TrustedProxies;
use super::rate::{self, Policy, RateLimits, Standing};
use super::request_id::{self, REQUEST_ID};
use super::response_body::ResponseBody;
use super::{authenticate, cors, identity, limits, service_path, trace};
use crate::arriving_body::ArrivingBody;
use crate::client::Client;
use crate::connections::Connection;
use crate::keys::{Identity, Keys};
use crate::registry::{HostSpec, RateBy, RouteRate, ServiceSpec};
use crate::runtime::{Service, Services};
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HOST, SERVER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::CorsLayer;

/// Where the public keys are (RFC 8414 names the folder; `jwks.json` is what verifiers look for).
const JWKS_PATH: &str = "/.well-known/jwks.json";
/// The host of a request of HTTP/1.0, which need not name one (RFC 9112 section 3.3).
const DEFAULT_HOST: HeaderValue = HeaderValue::from_static("localhost");
/// For how long browsers are to use nothing but TLS (RFC 6797): a year.
const ONLY_SECURE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The gateway: routes, authenticates, and hands requests to services.
pub struct Gateway {
    services: Arc<Services>,
    keys: Arc<Keys>,
    rates: RateLimits,
    cors: Option<CorsLayer>,
    body_memory: BodyMemory,
    answers: Arc<Answers>,
    proxies: TrustedProxies,
    is_secure: bool,
}

/// Why a client that takes too little gets no more.
const UNTAKEN: GatewayError =
    GatewayError::Unavailable("too many answers wait for you to take them; read these first");
/// An answer of so many bytes is small.
const SMALL_ANSWER: u64 = 16 << 10;

/// Which service a response is from, for the access log.
#[derive(Clone)]
struct ServedBy(Arc<Service>);

/// Why a response is a failure, for the access log and never for the client.
#[derive(Clone)]
struct Cause(String);

/// What is found out of a request on its way, for its response.
#[derive(Default)]
struct Findings {
    service: Option<Arc<Service>>,
    /// How much the client may still send, where that is limited.
    standing: Option<Standing>,
}

impl Gateway {
    /// A gateway in front of these services.
    pub fn new(host: &HostSpec, services: Arc<Services>, keys: Arc<Keys>) -> Self {
        Self {
            services,
            keys,
            rates: RateLimits::new(),
            cors: cors::layer(&host.cors_origins),
            body_memory: BodyMemory::new(),
            answers: Arc::default(),
            proxies: TrustedProxies(host.trusted_proxies.clone()),
            is_secure: host.tls.is_some(),
        }
    }

    /// Gives up answers that nobody takes; to be called some times a second.
    pub(super) fn look(&self) {
        self.answers.look();
    }

    /// Answers one request that came by a connection; a failure is an answer too.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        connection: &Arc<Connection>,
    ) -> Response<ResponseBody> {
        let serving = connection.begin_request();
        let is_head = request.method() == Method::HEAD;
        let request_id = request_id::choose(request.headers());
        let record = AccessRecord::begin(request.method(), request.uri().path(), &request_id);
        let inside =
            service_fn(|request| self.answer_inside_cors(request, peer, connection, &request_id));
        let answered = match &self.cors {
            Some(cors) => cors.layer(inside).oneshot(request).await,
            None => inside.oneshot(request).await,
        };
        let Ok(mut response) = answered;
        let service = response.extensions_mut().remove::<ServedBy>();
        let cause = response.extensions_mut().remove::<Cause>();
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, request_id.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.is_secure {
            headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_SECURE);
        }
        headers.remove(SERVER);
        let service = service.as_ref().map(|ServedBy(service)| service.name());
        let cause = cause.as_ref().map(|Cause(cause)| cause.as_str());
        record.end(service, response.status(), cause);
        if is_head && let Some(length) = response.body_mut().take_content() {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        let answering = serving.answer();
        response.map(|body| body.on(answering))
    }

    async fn answer_inside_cors(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        connection: &Arc<Connection>,
        request_id: &HeaderValue,
    ) -> Result<Response<ResponseBody>, Infallible> {
        let uri = request.uri().clone();
        let (head, mut body) = ArrivingBody::of(request);
        let request = Request::from_parts(head, &mut body);
        let mut findings = Findings::default();
        let outcome = self.pass(request, peer, connection, request_id, &mut findings);
        let outcome = outcome.await;
        let mut response = match outcome {
            Ok(mut response) => {
                if let Some(standing) = findings.standing {
                    standing.tell(response.headers_mut());
                }
                response
            }
            Err(error) => {
                let cause = error.cause().map(str::to_owned);
                let path = service_path::in_ascii(uri.path());
                let mut response = error.into_response(&path, request_id);
                if let Some(cause) = cause {
                    response.extensions_mut().insert(Cause(cause));
                }
                response
            }
        };
        if let Some(service) = findings.service {
            response.extensions_mut().insert(ServedBy(service));
        }
        body.settle(connection, &mut response).await;
        Ok(response)
    }

    async fn pass(
        &self,
        request: Request<&mut ArrivingBody>,
        peer: IpAddr,
        connection: &Arc<Connection>,
        request_id: &HeaderValue,
        findings: &mut Findings,
    ) -> Result<Response<ResponseBody>, GatewayError> {
        limits::check(&request)?;
        if is_for_the_gateway(&request) {
            return Ok(methods());
        }
        if request.uri().path() == JWKS_PATH {
            return self.public_keys(request.method());
        }
        let lineup = self.services.lineup();
        let post = lineup
            .get(service_path::parse(request.uri().path())?.service)
            .ok_or(GatewayError::NoSuchService)?;
        findings.service = Some(Arc::clone(&post.service));
        // The request belongs to this generation from here to its end, whatever is switched
        // meanwhile.
        let generation = post.admit(request.headers())?;
        drop(lineup);
        let address = self.proxies.client_of(peer, request.headers());
        let (parts, body) = request.into_parts();
        let identity = self.judge(generation.spec(), &parts, address, findings)?;
        let by_address = Client::of_address(address);
        let by_subject = identity
            .as_ref()
            .map(|identity| Client::of_subject(identity.subject()));
        let client = by_subject.unwrap_or(by_address);
        if !self.answers.has_room(client) {
            return Err(UNTAKEN);
        }
        let parts = told_who_asks(parts, identity.as_ref(), address, request_id);
        let both = [by_address, client];
        let clients = if by_subject.is_some() {
            &both[..]
        } else {
            &both[..1]
        };
        let spec = generation.spec();
        let receiving = connection.begin_receiving();
        let (body, _share) = body::read(&parts, body, &self.body_memory, spec, clients).await?;
        drop(receiving);
        let only_reads = parts.method.is_safe();
        let request = Request::from_parts(parts, body);
        let response = generation.serve(client, request).await?;
        // Others of theirs may have come to wait meanwhile. What was done is told all the same.
        let is_large = response.body().size_hint().lower() > SMALL_ANSWER;
        if only_reads && is_large && !self.answers.has_room(client) {
            return Err(UNTAKEN);
        }
        let cut_off = connection.cut_off();
        Ok(response.map(|body| self.answers.add(client, body, cut_off).into()))
    }

    /// Says who asks, if they must say so and may ask so often.
    fn judge(
        &self,
        spec: &ServiceSpec,
        parts: &Parts,
        address: IpAddr,
        findings: &mut Findings,
    ) -> Result<Option<Identity>, GatewayError> {
        let by_address = Client::of_address(address);
        let mut admit = |policy, client| {
            let standing = self.rates.admit(&spec.name, policy, client);
            let standing = standing.map_err(GatewayError::RateLimited)?;
            findings.standing = Some(standing);
            Ok::<_, GatewayError>(())
        };
        if let Some(rate) = spec.limits.rate {
            let name = "service";
            admit(Policy { name, rate }, by_address)?;
        }
        let rest = service_path::parse(parts.uri.path())?.rest;
        let mut rates_of = |by, client| {
            let meant =
                |rate: &&RouteRate| rate.by == by && rate.route.matches(&parts.method, rest);
            let mut is_limited = false;
            for limit in spec.rates.iter().filter(meant) {
                let (name, rate) = (limit.text.as_str(), limit.rate);
                admit(Policy { name, rate }, client)?;
                is_limited = true;
            }
            Ok::<_, GatewayError>(is_limited)
        };
        let is_limited = rates_of(RateBy::Address, by_address)?;
        if spec.is_public(&parts.method, rest) {
            if !is_limited && spec.limits.rate.is_none() && !spec.is_public_as_a_whole() {
                admit(rate::PUBLIC, by_address)?;
            }
            return Ok(None);
        }
        match authenticate::authenticate(&self.keys, &parts.headers) {
            Ok(identity) => {
                rates_of(RateBy::Subject, Client::of_subject(identity.subject()))?;
                Ok(Some(identity))
            }
            Err(refused) => {
                admit(rate::AUTHENTICATION, by_address)?;
                // No token helps where a slash at the end makes another path of a public one.
                let meant = rest.strip_suffix('/');
                if meant.is_some_and(|meant| spec.is_public(&parts.method, meant)) {
                    return Err(GatewayError::SlashAtEnd(parts.uri.path().to_owned()));
                }
                Err(refused)
            }
        }
    }

    fn public_keys(&self, method: &Method) -> Result<Response<ResponseBody>, GatewayError> {
        if *method != Method::GET && *method != Method::HEAD {
            return Err(GatewayError::MethodNotAllowed);
        }
        let mut response = Response::new(ResponseBody::from(
            self.keys.public_set().as_bytes().to_vec(),
        ));
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/jwk-set+json"),
        );
        headers.insert(
            http::header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        );
        Ok(response)
    }
}

/// Whether it asks what the server as a whole can do (`OPTIONS *`, RFC 9110 section 9.3.7), or
/// whether a web page may call (a preflight of the Fetch standard). Where web pages may, [`cors`]
/// has answered before.
fn is_for_the_gateway<B>(request: &Request<B>) -> bool {
    let is_preflight = request
        .headers()
        .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    *request.method() == Method::OPTIONS && (is_preflight || request.uri().path() == "*")
}

fn methods() -> Response<ResponseBody> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let allowed = HeaderValue::from_static(limits::METHODS_ALLOWED);
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// The request's head as a component sees it: what the client says of itself is taken away, and
/// what is known is put in its place.
fn told_who_asks(
    mut parts: Parts,
    identity: Option<&Identity>,
    address: IpAddr,
    request_id: &HeaderValue,
) -> Parts {
    let headers = &mut parts.headers;
    if parts.version == Version::HTTP_10 && parts.uri.authority().is_none() {
        headers.entry(HOST).or_insert(DEFAULT_HOST);
    }
    identity::strip_claims(headers);
    identity::strip_token(headers);
    identity::tell_address(headers, address);
    if let Some(identity) = identity {
        identity::tell_identity(headers, identity);
    }
    trace::begin_span(headers);
    headers.insert(REQUEST_ID, request_id.clone());
    parts
}
