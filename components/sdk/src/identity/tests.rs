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

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

fn identity(role: Role) -> Identity {
    Identity {
        subject: SUBJECT.parse().unwrap(),
        role,
        session: SESSION.parse().unwrap(),
        scope: String::new(),
    }
}

const ROLES: [Role; 4] = [Role::Customer, Role::Teller, Role::Auditor, Role::Admin];

#[test]
fn each_guard_admits_its_roles_and_forbids_the_others() {
    fn admitted<G: TryFrom<Identity, Error = Problem>>() -> Vec<Role> {
        let judge = |role: &Role| match G::try_from(identity(*role)) {
            Ok(_) => true,
            Err(problem) => {
                assert_eq!(problem.code(), "forbidden", "{role}");
                false
            }
        };
        ROLES.into_iter().filter(judge).collect()
    }
    assert_eq!(admitted::<Admin>(), [Role::Admin]);
    assert_eq!(admitted::<Teller>(), [Role::Teller, Role::Admin]);
    assert_eq!(admitted::<Auditor>(), [Role::Auditor, Role::Admin]);
    assert_eq!(
        admitted::<Staff>(),
        [Role::Teller, Role::Auditor, Role::Admin]
    );
}

#[test]
fn a_guard_judges_the_caller_before_the_body() {
    async fn call(caller: Admin, _: NoBody) -> String {
        caller.subject.to_string()
    }
    let answer = |pairs: &[(&'static str, &'static str)]| {
        let mut site = Site::new(Router::new().route("/", post(call)));
        let mut request = Request::new(Body::from("{"));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = "/api/x".parse().unwrap();
        *request.headers_mut() = headers(pairs);
        now(site.call(request)).unwrap().status()
    };
    let of = |role| {
        [
            ("x-strongroom-subject", SUBJECT),
            ("x-strongroom-role", role),
            ("x-strongroom-session", SESSION),
        ]
    };
    assert_eq!(answer(&[]), StatusCode::UNAUTHORIZED);
    assert_eq!(answer(&of("teller")), StatusCode::FORBIDDEN);
    assert_eq!(answer(&of("admin")), StatusCode::BAD_REQUEST);
}

#[test]
fn the_host_s_headers_make_an_identity() {
    let identity = Identity::from_headers(&headers(&[
        ("x-strongroom-subject", SUBJECT),
        ("x-strongroom-role", "auditor"),
        ("x-strongroom-session", SESSION),
    ]))
    .unwrap();
    assert_eq!(identity.role, Role::Auditor);
    assert_eq!(identity.scope, "");
    assert!(identity.is_staff());
    assert!(identity.require(&[Role::Auditor]).is_ok());
    assert_eq!(
        identity
            .require(&[Role::Admin, Role::Teller])
            .unwrap_err()
            .code(),
        "forbidden"
    );
}

#[test]
fn anything_missing_doubled_or_unknown_is_no_identity() {
    let whole = [
        ("x-strongroom-subject", SUBJECT),
        ("x-strongroom-role", "customer"),
        ("x-strongroom-session", SESSION),
    ];
    assert!(Identity::from_headers(&headers(&whole)).is_some());
    for index in 0..whole.len() {
        let mut part = whole.to_vec();
        let (name, _) = part.remove(index);
        assert!(
            Identity::from_headers(&headers(&part)).is_none(),
            "{name} missing"
        );
        let mut doubled = whole.to_vec();
        doubled.push(whole[index]);
        assert!(
            Identity::from_headers(&headers(&doubled)).is_none(),
            "{name} doubled"
        );
        let mut wrong = whole.to_vec();
        wrong[index].1 = "root";
        assert!(
            Identity::from_headers(&headers(&wrong)).is_none(),
            "{name} wrong"
        );
    }
}
