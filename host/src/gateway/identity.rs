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

/// Beginnings of words that say who the caller is, or from where. Behind other gateways, programs
/// learn that by headers such as `x-webauth-user`, `x-tenant-id`, or `client-ip`.
const CLAIM_WORDS: &[&str] = &[
    "account",
    "actor",
    "addr",
    "admin",
    "anonymous",
    "auth",
    "cert",
    "claim",
    "client",
    "consumer",
    "credential",
    "customer",
    "email",
    "forwarded",
    "group",
    "host",
    "identit",
    "impersonat",
    "ip",
    "jwt",
    "login",
    "member",
    "oidc",
    "operator",
    "owner",
    "permission",
    "principal",
    "remote",
    "role",
    "saml",
    "scope",
    "ssl",
    "sso",
    "staff",
    "subject",
    "tenant",
    "uid",
    "user",
];
/// Beginnings of other headers of that kind: those of the host itself and of other gateways.
const CLAIM_PREFIXES: &[&str] = &[
    "x-strongroom-",
    "x-on-behalf-of",
    "x-original-",
    "x-rewrite-",
    "x-real-",
    "x-apigateway-",
    "x-envoy-",
    "x-goog-",
    "x-ms-token-",
    "x-endpoint-api-",
    "x-hasura-",
    "x-pomerium-",
    "x-vouch-",
    "cf-access-",
    "tailscale-",
    "iv-",
    "sm-",
];
/// What browsers and HTTP itself send, and has such a word.
const NO_CLAIMS: &[&str] = &["authorization", "host", "sec-fetch-user", "user-agent"];

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
    let begins = |text: &str, beginnings: &[&str]| {
        let mut beginnings = beginnings.iter();
        beginnings.any(|beginning| text.starts_with(beginning))
    };
    let mut words = name.split(['-', '_']);
    !NO_CLAIMS.contains(&name)
        && (words.any(|word| begins(word, CLAIM_WORDS)) || begins(name, CLAIM_PREFIXES))
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
        for (value, is_kept) in rows! {
            ("Bearer x.y.z", false), ("bEARER x", false), ("Bearer sk_x", false),
            ("Basic eDp5", true),
        } {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
            strip_token(&mut headers);
            assert_eq!(headers.contains_key(AUTHORIZATION), is_kept, "{value}");
        }
    }

    #[test]
    fn no_claim_of_a_client_passes_and_what_clients_send_otherwise_does() {
        let names = "x-strongroom-subject x-forwarded-for forwarded x-user-id x_user_id \
            x-authenticated-userid x-auth-request-user x-webauth-email x-roles x-scopes x-tenant-id \
            x-is-admin client-ip client-cert x-real-ip remote-user proxy-authorization \
            x-on-behalf-of x-jwt-payload impersonate-group cf-access-jwt-assertion \
            x-ms-token-aad-id-token";
        for name in names.split(' ') {
            assert!(is_claim(name), "{name}");
        }
        let names = "accept authorization content-type host idempotency-key if-none-match origin \
            sec-ch-ua sec-fetch-user traceparent user-agent x-csrf-token x-request-id";
        let mut headers = HeaderMap::new();
        for name in names.split(' ') {
            headers.insert(name, HeaderValue::from_static("kept"));
        }
        headers.insert("x-user", HeaderValue::from_static("admin"));
        strip_claims(&mut headers);
        assert_eq!(headers.len(), names.split(' ').count());
        assert!(!headers.contains_key("x-user"));
    }
}
