//! Goal: only the host's headers make an identity, and a guard judges the role before the body.
//! Method: each role in each guard, and each header missing, repeated, and wrong.

use super::*;
use crate::http::Site;
use crate::json::NoBody;
use crate::kit::now;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::post;
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

#[test]
fn each_guard_admits_its_roles_and_forbids_the_others() {
    fn admitted<G: TryFrom<Identity, Error = Problem>>() -> String {
        let judge = |role: &Role| match G::try_from(identity(*role)) {
            Ok(_) => true,
            Err(problem) => {
                assert_eq!(problem.code(), "forbidden", "{role}");
                false
            }
        };
        let roles = [Role::Customer, Role::Teller, Role::Auditor, Role::Admin];
        let admitted = roles.into_iter().filter(judge).map(Role::as_str);
        admitted.collect::<Vec<_>>().join(" ")
    }
    assert_eq!(admitted::<Admin>(), "admin");
    assert_eq!(admitted::<Teller>(), "teller admin");
    assert_eq!(admitted::<Auditor>(), "auditor admin");
    assert_eq!(admitted::<Staff>(), "teller auditor admin");
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
    assert_eq!(
        (identity.role, identity.scope.as_str()),
        (Role::Auditor, "")
    );
    assert!(identity.is_staff());
    assert!(identity.require(&[Role::Auditor]).is_ok());
    let refused = identity.require(&[Role::Admin, Role::Teller]).unwrap_err();
    assert_eq!(refused.code(), "forbidden");
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
}
