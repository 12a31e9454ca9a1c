//! Goal: only the host's headers make an identity, and a guard judges the role before the body.

use super::*;
use crate::http::Site;
use crate::json::NoBody;
use crate::rows;
use crate::testing::now;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::post;
use http::{HeaderValue, StatusCode};
use tower_service::Service;

const SUBJECT: &str = "018f0000-0000-7000-8000-000000000001";
const SESSION: &str = "018f0000-0000-7000-8000-000000000002";

type Header = (&'static str, &'static str);

fn headers(pairs: &[Header]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

fn headers_of(role: &'static str) -> [Header; 3] {
    [
        ("x-strongroom-subject", SUBJECT),
        ("x-strongroom-role", role),
        ("x-strongroom-session", SESSION),
    ]
}

fn read(pairs: &[Header]) -> Option<Identity> {
    Identity::from_headers(&headers(pairs))
}

fn identity(role: Role) -> Identity {
    read(&headers_of(role.as_str())).unwrap()
}

fn refusal<G: TryFrom<Identity, Error = Problem>>(identity: &Identity) -> String {
    let refused = G::try_from(identity.clone()).err().expect("a refusal");
    assert_eq!(refused.code(), "forbidden");
    refused.detail().to_owned()
}

#[test]
fn each_guard_admits_its_roles_and_forbids_the_others() {
    fn admitted<G: TryFrom<Identity, Error = Problem>>() -> String {
        let admits = |role: &&str| {
            let judged = G::try_from(identity(role.parse().unwrap()));
            let refused = judged.err().map(|problem| problem.code());
            assert!(refused.is_none_or(|code| code == "forbidden"), "{role}");
            refused.is_none()
        };
        let roles = "customer teller auditor admin service".split(' ');
        roles.filter(admits).collect::<Vec<_>>().join(" ")
    }
    assert_eq!(admitted::<Admin>(), "admin");
    assert_eq!(admitted::<Teller>(), "teller admin");
    assert_eq!(admitted::<Auditor>(), "auditor admin");
    assert_eq!(admitted::<Staff>(), "teller auditor admin");
    assert_eq!(admitted::<Cashier>(), "teller admin service");
    assert_eq!(admitted::<JournalReader>(), "auditor admin service");
    assert_eq!(admitted::<Writer>(), "customer teller admin service");
    assert_eq!(admitted::<Payer>(), "customer teller admin");
    let all = "customer teller auditor admin service";
    assert_eq!(admitted::<SessionUser>(), all);
}

#[test]
fn a_guard_judges_the_caller_before_the_body() {
    async fn call(caller: Admin, _: NoBody) -> String {
        caller.subject.to_string()
    }
    let status = |pairs: &[Header]| {
        let mut site = Site::new(Router::new().route("/", post(call)));
        let mut request = Request::post("/api/x").body(Body::from("{")).unwrap();
        request.headers_mut().extend(headers(pairs));
        now(site.call(request)).unwrap().status()
    };
    assert_eq!(status(&[]), StatusCode::UNAUTHORIZED);
    assert_eq!(status(&headers_of("teller")), StatusCode::FORBIDDEN);
    assert_eq!(status(&headers_of("admin")), StatusCode::BAD_REQUEST);
}

#[test]
fn the_host_s_headers_make_an_identity() {
    let identity = identity(Role::Auditor);
    assert_eq!(identity.role, Role::Auditor);
    assert_eq!(identity.scope, "");
    assert!(identity.is_staff());
    let detail = "The role teller or admin may do this, and yours is auditor.";
    assert_eq!(refusal::<Teller>(&identity), detail);
}

#[test]
fn a_missing_repeated_or_unknown_header_is_no_identity() {
    let whole = headers_of("customer");
    assert!(read(&whole).is_some());
    for (index, (name, value)) in whole.into_iter().enumerate() {
        let mut pairs = whole.to_vec();
        pairs.remove(index);
        assert_eq!(read(&pairs), None, "{name} missing");
        pairs.push((name, "root"));
        assert_eq!(read(&pairs), None, "{name} wrong");
        pairs.pop();
        pairs.extend([(name, value); 2]);
        assert_eq!(read(&pairs), None, "{name} repeated");
    }
    let with_client = [&whole[..], &[("x-strongroom-actor", SESSION)]].concat();
    assert_eq!(read(&with_client), None, "a session and a client");
    // It owns the accounts of the bank itself.
    let nil = (whole[0].0, "00000000-0000-0000-0000-000000000000");
    assert_eq!(read(&[nil, whole[1], whole[2]]), None);
}

#[test]
fn a_client_acts_for_the_bank_or_for_a_customer() {
    let client: Uuid = SESSION.parse().unwrap();
    let by_client = |subject, role| {
        let mut pairs = headers_of(role);
        pairs[0].1 = subject;
        pairs[2].0 = "x-strongroom-actor";
        read(&pairs).unwrap()
    };
    let for_bank = by_client(SESSION, "service");
    assert_eq!((for_bank.actor(), for_bank.on_behalf_of()), (client, None));
    assert!(for_bank.reads_all() && !for_bank.is_staff());
    let person = "A person of the role teller or admin may do this, and no API key.";
    assert_eq!(refusal::<Teller>(&for_bank), person);
    let with = "An API key may do this with `x-on-behalf-of` only, for a customer.";
    assert_eq!(refusal::<Payer>(&for_bank), with);
    assert!(refusal::<SessionUser>(&for_bank).contains("no API key"));
    let for_customer = by_client(SUBJECT, "customer");
    assert_eq!(for_customer.actor(), client);
    assert_eq!(for_customer.on_behalf_of(), Some(for_customer.subject));
    assert!(!for_customer.reads_all());
    let without = "An API key may do this without `x-on-behalf-of` only.";
    assert_eq!(refusal::<Cashier>(&for_customer), without);
}

#[test]
fn no_two_callers_share_idempotency_keys() {
    let [a, b] = [1, 2].map(Uuid::from_u128);
    let client = |client, customer| Principal::Client { client, customer };
    let principals = rows! {
        Principal::User(a), Principal::User(b), client(a, None), client(b, None),
        client(a, Some(b)), client(b, Some(a)),
        Principal::named("ann@example.com"), Principal::named("bob@example.com"),
    };
    let parts: std::collections::BTreeSet<_> = principals.iter().map(Principal::parts).collect();
    assert_eq!(parts.len(), principals.len());
}
