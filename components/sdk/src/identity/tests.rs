use super::*;

const SUBJECT: &str = "018f0000-0000-7000-8000-000000000001";
const SESSION: &str = "018f0000-0000-7000-8000-000000000002";

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
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
