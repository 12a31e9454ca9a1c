//! Who may send a request: a client within the rates, and, unless the route is public, with an
//! access token or API key that has the scope of the call.

use super::exchange::Exchange;
use super::on_behalf_of;
use super::problem::GatewayError;
use super::rate::{self, RateLimits, RatePolicy};
use crate::bearer::bearer_token;
use crate::client::Client;
use crate::keys::{Identity, Keys};
use crate::registry::{RateBy, RouteRate, ServiceSpec};
use http::header::AUTHORIZATION;
use http::request::Parts;

/// A request before it is admitted.
pub(super) struct Admission<'a> {
    pub(super) rates: &'a RateLimits,
    pub(super) keys: &'a Keys,
    pub(super) spec: &'a ServiceSpec,
    pub(super) head: &'a Parts,
    /// The path within the service.
    pub(super) rest: &'a str,
    /// The client at the request's address.
    pub(super) by_address: Client,
    /// Where the latest rate is noted.
    pub(super) exchange: &'a mut Exchange,
}

/// Who sent an admitted request.
pub(super) struct Caller {
    identity: Option<Identity>,
    /// The client at its address, and the user or the key's client, or the former again.
    clients: [Client; 2],
}

impl Caller {
    /// The verified identity, but on a public route.
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The user or the key's client, or without one the client at the address.
    pub(super) fn client(&self) -> Client {
        self.clients[1]
    }

    /// Those whose shares the request takes from.
    pub(super) fn clients(&self) -> &[Client] {
        &self.clients[..1 + usize::from(self.identity.is_some())]
    }
}

impl Admission<'_> {
    /// Counts the request against its rates, and verifies its token or key.
    ///
    /// # Errors
    /// The client sends too much. On a route that is not public, it has no accepted token or key,
    /// it may not act for the customer whom it names, or it does not have the scope.
    pub(super) fn admit(mut self) -> Result<Caller, GatewayError> {
        let by_address = self.by_address;
        let of_service = self.spec.limits.rate;
        if let Some(rate) = of_service {
            let name = "service";
            self.count(RatePolicy { name, rate }, by_address)?;
        }
        let has_own_rate = self.count_route(RateBy::Address, by_address)?;
        if self.is_public(self.rest) {
            if !has_own_rate && of_service.is_none() && !self.spec.is_public_as_a_whole() {
                self.count(rate::PUBLIC, by_address)?;
            }
            return Ok(Caller {
                identity: None,
                clients: [by_address; 2],
            });
        }
        match authenticate(self.keys, self.head) {
            Ok(identity) => {
                // A client with a key counts once, however many customers it acts for.
                let actor = Client::of_subject(identity.actor());
                self.exchange.caller = Some(identity.clone());
                self.count_route(RateBy::Subject, actor)?;
                let identity = on_behalf_of::apply(identity, &self.head.headers, self.keys)?;
                self.exchange.caller = Some(identity.clone());
                check_scope(self.spec, self.head, self.rest, &identity)?;
                Ok(Caller {
                    identity: Some(identity),
                    clients: [by_address, actor],
                })
            }
            Err(refused) => {
                self.count(rate::AUTHENTICATION, by_address)?;
                // No token helps if a slash at the end makes another path of a public one.
                let meant = self.rest.strip_suffix('/');
                if meant.is_some_and(|meant| self.is_public(meant)) {
                    let path = self.head.uri.path().to_owned();
                    return Err(GatewayError::SlashAtEnd(path));
                }
                Err(refused)
            }
        }
    }

    fn count(&mut self, policy: RatePolicy<'_>, client: Client) -> Result<(), GatewayError> {
        let counted = self.rates.count(&self.spec.name, policy, client);
        self.exchange.rate = Some(counted.map_err(GatewayError::RateLimited)?);
        Ok(())
    }

    /// Counts the request against the rates of its route; returns whether there are any.
    fn count_route(&mut self, by: RateBy, client: Client) -> Result<bool, GatewayError> {
        let spec = self.spec;
        let (method, rest) = (&self.head.method, self.rest);
        let is_meant = |rate: &&RouteRate| rate.by == by && rate.route.matches(method, rest);
        let mut has_rate = false;
        for limit in spec.rates.iter().filter(is_meant) {
            let (name, rate) = (limit.text.as_str(), limit.rate);
            self.count(RatePolicy { name, rate }, client)?;
            has_rate = true;
        }
        Ok(has_rate)
    }

    fn is_public(&self, rest: &str) -> bool {
        self.spec.is_public(&self.head.method, rest)
    }
}

/// Judges the caller of an admitted request again, as of now: while its body arrived, the session
/// or the key may have ended. It counts once all the same. Returns the identity, but on a public
/// route.
///
/// # Errors
/// As [`Admission::admit`], without those of rates.
pub(super) fn confirm(
    keys: &Keys,
    spec: &ServiceSpec,
    head: &Parts,
    rest: &str,
) -> Result<Option<Identity>, GatewayError> {
    if spec.is_public(&head.method, rest) {
        return Ok(None);
    }
    let identity = on_behalf_of::apply(authenticate(keys, head)?, &head.headers, keys)?;
    check_scope(spec, head, rest, &identity)?;
    Ok(Some(identity))
}

fn check_scope(
    spec: &ServiceSpec,
    head: &Parts,
    rest: &str,
    identity: &Identity,
) -> Result<(), GatewayError> {
    let scope = spec.scope(&head.method, rest);
    if identity.has_scope(&scope) {
        Ok(())
    } else {
        Err(GatewayError::ScopeMissing(scope.into_owned()))
    }
}

/// The identity of the bearer token (RFC 6750) or API key, verified in process.
fn authenticate(keys: &Keys, head: &Parts) -> Result<Identity, GatewayError> {
    let credentials = head.headers.get(AUTHORIZATION);
    let credentials = credentials.and_then(|value| value.to_str().ok());
    let token = credentials.and_then(bearer_token);
    let token = token.ok_or(GatewayError::TokenMissing)?;
    keys.verify(token).map_err(GatewayError::TokenRefused)
}
