//! Goal: a form is read as OAuth clients write it, and its errors are in their words.

use super::*;
use strongroom_sdk::testing::words_of;

fn refused<T: Fields>(form: &str) -> String {
    let problem = from_form::<T>(form.as_bytes()).err().expect(form);
    let [error] = problem.errors() else {
        panic!("{form}: {problem:?}");
    };
    format!("{} {}", words_of(&problem), error.code)
}

#[test]
fn forms_have_what_is_needed_and_whatever_else_oauth_clients_add() {
    let form = "grant_type=refresh_token&refresh_token=srt_a%2Bb&client_id=app&scope=&scope=x";
    let request = from_form::<RefreshRequest>(form.as_bytes()).unwrap();
    assert_eq!(request.refresh_token, "srt_a+b");
    assert!(request.check_grant_type().is_ok());
    let form = "token=abc&token_type_hint=refresh_token&client_id=app";
    let request = from_form::<TokenRequest>(form.as_bytes()).unwrap();
    assert_eq!(request.token, "abc");
}

#[test]
fn a_parameter_that_is_missing_empty_or_doubled_is_an_invalid_request() {
    for form in ["", "grant_type=refresh_token", "refresh_token=", "token=a"] {
        let missing = "400 invalid_request /refresh_token missing";
        assert_eq!(refused::<RefreshRequest>(form), missing, "{form}");
    }
    for form in ["", "token=", "token_type_hint=access_token", "Token=a"] {
        let missing = "400 invalid_request /token missing";
        assert_eq!(refused::<TokenRequest>(form), missing, "{form}");
    }
    let twice = refused::<TokenRequest>("token=a&token=b");
    assert_eq!(twice, "400 invalid_request /token duplicate_field");
    let twice = refused::<RefreshRequest>("refresh_token=a&refresh_token=a");
    assert!(twice.ends_with("/refresh_token duplicate_field"));
}

#[test]
fn another_grant_is_not_supported() {
    let form = b"grant_type=password&refresh_token=a&username=ada";
    let request = from_form::<RefreshRequest>(form).unwrap();
    let problem = request.check_grant_type().unwrap_err();
    assert_eq!(words_of(&problem), "400 unsupported_grant_type");
}
