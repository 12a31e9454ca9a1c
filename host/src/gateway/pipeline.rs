//! What happens to a request, step by step.

use super::access_log::AccessRecord;
use super::body::{self, BodyMemory, ResponseBody};
use super::problem::GatewayError;
use super::rate::RateLimits;
use super::request_id::{self, REQUEST_ID};
use super::{authenticate, cors, identity, limits, route};
use crate::keys::Keys;
use crate::registry::HostSpec;
use crate::runtime::{Generation, Service, Services};
use http::header::{CONTENT_TYPE, SERVER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::cors::CorsLayer;

/// Where the public keys are (RFC 8414 names the folder; `jwks.json` is what verifiers look for).
const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The gateway: routes, authenticates, and hands requests to services.
pub struct Gateway {
    services: Arc<Services>,
    keys: Arc<Keys>,
    rates: RateLimits,
    cors: Option<CorsLayer>,
    body_memory: BodyMemory,
}

/// Which service a response is from, for the access log.
#[derive(Clone)]
struct ServedBy(Arc<Service>);

/// Why a response is a failure, for the access log and never for the client.
#[derive(Clone)]
struct Cause(String);

impl Gateway {
    /// A gateway in front of these services.
    pub fn new(host: &HostSpec, services: Arc<Services>, keys: Arc<Keys>) -> Self {
        Self {
            services,
            keys,
            rates: RateLimits::new(),
            cors: cors::layer(&host.cors_origins),
            body_memory: BodyMemory::new(),
        }
    }

    /// Answers one request; a failure is an answer too.
    pub async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<ResponseBody> {
        let request_id = request_id::choose(request.headers());
        let record = AccessRecord::begin(request.method(), request.uri().path(), &request_id);
        let inside = service_fn(|request| self.answer_inside_cors(request, peer, &request_id));
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
        headers.remove(SERVER);
        let service = service.as_ref().map(|ServedBy(service)| service.name());
        let cause = cause.as_ref().map(|Cause(cause)| cause.as_str());
        record.end(service, response.status(), cause);
        response
    }

    async fn answer_inside_cors(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        request_id: &HeaderValue,
    ) -> Result<Response<ResponseBody>, Infallible> {
        let uri = request.uri().clone();
        let mut served_by = None;
        let outcome = self.pass(request, peer, request_id, &mut served_by).await;
        let mut response = outcome.unwrap_or_else(|error| {
            let cause = error.cause().map(str::to_owned);
            let mut response = error.into_response(uri.path(), request_id);
            if let Some(cause) = cause {
                response.extensions_mut().insert(Cause(cause));
            }
            response
        });
        if let Some(service) = served_by {
            response.extensions_mut().insert(ServedBy(service));
        }
        Ok(response)
    }

    async fn pass(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        request_id: &HeaderValue,
        served_by: &mut Option<Arc<Service>>,
    ) -> Result<Response<ResponseBody>, GatewayError> {
        limits::check(&request)?;
        if request.uri().path() == JWKS_PATH {
            return self.public_keys(request.method());
        }
        let lineup = self.services.lineup();
        let post = lineup
            .get(route::parse(request.uri().path())?.service)
            .ok_or(GatewayError::NoSuchService)?;
        let service = served_by.insert(Arc::clone(&post.service));
        // The request belongs to this generation from here to its end, whatever is switched meanwhile.
        let generation = post.admit(request.headers())?;
        drop(lineup);
        let rate = generation.spec().limits.rate;
        self.rates
            .admit(service.name(), rate, peer)
            .map_err(|wait| GatewayError::RateLimited {
                retry_after: wait.as_secs().saturating_add(1),
            })?;
        self.hand_over(&generation, request, peer, request_id).await
    }

    async fn hand_over(
        &self,
        generation: &Generation,
        request: Request<Incoming>,
        peer: IpAddr,
        request_id: &HeaderValue,
    ) -> Result<Response<ResponseBody>, GatewayError> {
        let (mut parts, body) = request.into_parts();
        let spec = generation.spec();
        let rest = route::parse(parts.uri.path())?.rest;
        let is_public = spec
            .public
            .iter()
            .any(|public| public.matches(&parts.method, rest));
        let caller = if is_public {
            None
        } else {
            Some(authenticate::authenticate(&self.keys, &parts.headers)?)
        };
        identity::strip_claims(&mut parts.headers);
        identity::strip_token(&mut parts.headers);
        identity::tell_address(&mut parts.headers, peer);
        if let Some(caller) = &caller {
            identity::tell_identity(&mut parts.headers, caller);
        }
        parts.headers.insert(REQUEST_ID, request_id.clone());
        let (body, _share) = body::read(&parts, body, &self.body_memory, spec).await?;
        let response = generation.serve(Request::from_parts(parts, body)).await?;
        Ok(response.map(ResponseBody::from))
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
