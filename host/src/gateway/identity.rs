//! The headers that say who the caller is: the component gets only what the host has verified.

use crate::keys::Identity;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;

const SUBJECT: HeaderName = HeaderName::from_static("x-strongroom-subject");
const ROLE: HeaderName = HeaderName::from_static("x-strongroom-role");
const SESSION: HeaderName = HeaderName::from_static("x-strongroom-session");
const SCOPE: HeaderName = HeaderName::from_static("x-strongroom-scope");
const ACTOR: HeaderName = HeaderName::from_static("x-strongroom-actor");
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("x-strongroom-client-address");

/// The scheme of RFC 6750.
const BEARER: &[u8] = b"bearer";

/// Prefixes of headers by which programs behind a proxy learn who the caller is, or from where.
const CLAIM_PREFIXES: &[&str] = &[
    "x-strongroom-",
    "x-forwarded-",
    "x-auth",
    "x-user",
    "x-role",
    "x-remote-",
    "x-client-",
    "x-consumer-",
    "x-credential-",
    "x-anonymous-",
    "x-apigateway-",
    "x-envoy-",
    "x-goog-",
    "x-amzn-oidc-",
    "x-ms-client-",
    "x-ssl-",
    "ssl-client-",
    "tailscale-user-",
    "remote-",
];
/// Other headers of that kind.
const CLAIMS: &[&str] = &[
    "forwarded",
    "client-ip",
    "x-real-ip",
    "x-original-forwarded-for",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "x-email",
    "x-on-behalf-of",
    "x-groups",
    "x-scope",
    "x-subject",
    "x-tenant",
    "x-account-id",
    "x-api-user",
    "x-original-url",
    "x-rewrite-url",
    "x-original-host",
    "x-host",
    "proxy-authorization",
];

/// Removes every header by which a client could claim an identity or an address. A component may
/// read one of these, as it did behind another gateway, and must not be deceived.
pub(super) fn strip_claims(headers: &mut HeaderMap) {
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_claim(name.as_str()))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }
}

fn is_claim(name: &str) -> bool {
    CLAIMS.contains(&name)
        || CLAIM_PREFIXES
            .iter()
            .any(|beginning| name.starts_with(beginning))
}

/// Removes bearer tokens and API keys: a component does not need them, and a dishonest one could
/// use them. A public service may have other credentials of its own.
pub(super) fn strip_token(headers: &mut HeaderMap) {
    let is_bearer = |value: &HeaderValue| {
        let scheme = value.as_bytes().get(..BEARER.len());
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(BEARER))
    };
    if headers.get_all(AUTHORIZATION).iter().any(is_bearer) {
        headers.remove(AUTHORIZATION);
    }
}

/// Adds where the request came from.
pub(super) fn insert_address(headers: &mut HeaderMap, address: IpAddr) {
    if let Ok(value) = HeaderValue::try_from(address.to_string()) {
        headers.insert(CLIENT_ADDRESS, value);
    }
}

/// Adds who the caller is.
pub(super) fn insert_identity(headers: &mut HeaderMap, identity: &Identity) {
    for (name, value) in [
        (SUBJECT, Some(identity.subject())),
        (ROLE, Some(identity.role())),
        (SESSION, identity.session()),
        (SCOPE, Some(identity.scope())),
        (ACTOR, identity.client()),
    ] {
        // Always a valid value: a token or key with others is not accepted.
        if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_sees_no_bearer_token() {
        for (value, is_kept) in [
            ("Bearer x.y.z", false),
            ("bEARER x", false),
            ("Bearer sk_x", false),
            ("Basic eDp5", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
            strip_token(&mut headers);
            assert_eq!(headers.contains_key(AUTHORIZATION), is_kept, "{value}");
        }
    }

    #[test]
    fn no_claim_of_a_client_passes() {
        let mut headers = HeaderMap::new();
        for name in [
            "x-strongroom-subject",
            "x-forwarded-for",
            "forwarded",
            "x-user-id",
            "x-user",
            "x-auth",
            "x-auth-request-user",
            "x-authenticated-userid",
            "x-roles",
            "client-ip",
            "x-real-ip",
            "remote-user",
            "x-remote-user",
            "x-client-ip",
            "x-on-behalf-of",
        ] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static("admin"),
            );
        }
        headers.insert("x-strong", HeaderValue::from_static("kept"));
        strip_claims(&mut headers);
        assert_eq!(headers.len(), 1);
        assert!(headers.contains_key("x-strong"));
    }
}
