//! Who may have a statement, of which days, and as what.

use super::*;
use axum::http::header;
use std::borrow::Cow;

/// Of the clock: 2026-11-22.
const TODAY: &str = "2026-11-22";

fn query(members: Value) -> StatementQuery {
    serde_json::from_value(members).unwrap()
}

fn of(service: &TestService, caller: &Caller, id: Uuid, members: Value) -> Result<(), Problem> {
    let (store, query) = (&service.store, query(members));
    super::super::statement(store, &service.clock, &caller.identity, id, &query).map(drop)
}

/// The code of a refusal, and each place that it points at with its code.
fn refusal(outcome: Result<(), Problem>) -> (&'static str, Vec<(String, Cow<'static, str>)>) {
    let problem = outcome.unwrap_err();
    assert_eq!(problem.status().as_u16(), 422);
    let errors = problem.errors().iter();
    let errors = errors.map(|error| (error.pointer.clone(), error.code.clone()));
    (problem.code(), errors.collect())
}

#[test]
fn the_owner_and_staff_have_a_statement_and_to_others_there_is_no_account() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let from = || json!({"from": TODAY});
    for (caller, expected) in [
        (alice(), (200, "ok")),
        (caller(1, Role::Teller), (200, "ok")),
        (caller(1, Role::Auditor), (200, "ok")),
        (caller(1, Role::Admin), (200, "ok")),
        (bob(), (404, "not_found")),
    ] {
        assert_eq!(code(of(&service, &caller, id, from())), expected);
        let nowhere = of(&service, &caller, Uuid::from_u128(404), from());
        assert_eq!(code(nowhere), (404, "not_found"));
    }
    let wrong = of(&service, &bob(), id, json!({"from": "x", "format": "y"}));
    assert_eq!(code(wrong), (404, "not_found"));
}

#[test]
fn a_period_without_an_end_ends_today() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let read = |members| {
        let query = query(members);
        let (store, clock, identity) = (&service.store, &service.clock, alice().identity);
        let answer = super::super::statement(store, clock, &identity, id, &query).unwrap();
        let pieces: Result<Vec<_>, _> = answer.pieces.collect();
        serde_json::from_slice::<Value>(&pieces.unwrap().concat()).unwrap()
    };
    let statement = read(json!({"from": "2026-11-01"}));
    assert_eq!(
        (&statement["from"], &statement["to"], &statement["as_of"]),
        (
            &json!("2026-11-01"),
            &json!(TODAY),
            &json!("2026-11-22T19:10:57.123Z")
        )
    );
    assert_eq!(read(json!({"from": "2026-11-01", "to": TODAY})), statement);
}

#[test]
fn what_is_no_day_and_no_format_is_told_at_once() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let refusal = |members| refusal(of(&service, &alice(), id, members));
    let invalid = |pointers: &[&str]| {
        let errors = pointers
            .iter()
            .map(|pointer| ((*pointer).to_owned(), "invalid".into()));
        ("validation_failed", errors.collect())
    };
    for wrong in [
        "",
        "yesterday",
        "2026-11",
        "2026-02-30",
        "2026-11-22T00:00:00Z",
        "22.11.2026",
    ] {
        assert_eq!(
            refusal(json!({"from": wrong})),
            invalid(&["/from"]),
            "{wrong}"
        );
        let to = refusal(json!({"from": TODAY, "to": wrong}));
        assert_eq!(to, invalid(&["/to"]), "{wrong}");
    }
    for wrong in ["", "JSON", "camt", "camt053", "camt.052", "mt940", "pdf"] {
        let format = refusal(json!({"from": TODAY, "format": wrong}));
        assert_eq!(format, invalid(&["/format"]), "{wrong}");
    }
    let all = refusal(json!({"from": "x", "to": "y", "format": "z"}));
    assert_eq!(all, invalid(&["/from", "/to", "/format"]));
    let turned = refusal(json!({"from": "2026-11-21", "to": "2026-11-20"}));
    assert_eq!(turned, invalid(&["/from"]));
    let detail = of(
        &service,
        &alice(),
        id,
        json!({"from": TODAY, "format": "pdf"}),
    )
    .unwrap_err();
    assert_eq!(
        detail.errors()[0].detail,
        "must be one of json, csv, camt.053, ofx"
    );
}

#[test]
fn days_that_have_not_begun_have_no_statement() {
    let service = service();
    let (id, _) = open_eur(&service, &alice());
    let refusal = |members| refusal(of(&service, &alice(), id, members));
    let future = |pointers: &[&str]| {
        let errors = pointers
            .iter()
            .map(|pointer| ((*pointer).to_owned(), "period_in_future".into()));
        ("period_in_future", errors.collect())
    };
    let to = refusal(json!({"from": TODAY, "to": "2026-11-23"}));
    assert_eq!(to, future(&["/to"]));
    let both = refusal(json!({"from": "2026-11-23", "to": "9999-12-31"}));
    assert_eq!(both, future(&["/from", "/to"]));
    assert_eq!(refusal(json!({"from": "2026-11-23"})), future(&["/from"]));
}

#[test]
fn parameters_that_nobody_knows_are_refused() {
    for wrong in [
        "from=2026-11-22&until=2026-11-22",
        "from=2026-11-22&from=2026-11-22",
        "to=2026-11-22",
    ] {
        let outcome: Result<StatementQuery, Problem> = strongroom_sdk::query::from_str(wrong);
        assert_eq!(code(outcome), (422, "validation_failed"), "{wrong}");
    }
}

#[test]
fn each_format_says_what_it_is_and_a_file_what_it_is_called() {
    let service = service();
    let (id, view) = open_eur(&service, &alice());
    let number = view["number"].as_str().unwrap();
    for (format, media_type, extension) in [
        (None, "application/json", None),
        (Some("json"), "application/json", None),
        (Some("csv"), "text/csv; charset=utf-8", Some("csv")),
        (Some("camt.053"), "application/xml", Some("xml")),
        (Some("ofx"), "application/x-ofx", Some("ofx")),
    ] {
        let query = query(json!({"from": "2026-11-01", "to": "2026-11-20", "format": format}));
        let (store, identity) = (&service.store, alice().identity);
        let answer = super::super::statement(store, &FixedClock, &identity, id, &query).unwrap();
        let mut expected = vec![(header::CONTENT_TYPE, media_type.to_owned())];
        expected.extend(extension.map(|extension| {
            let name = format!("statement-{number}-2026-11-01-2026-11-20.{extension}");
            let value = format!("attachment; filename=\"{name}\"");
            (header::CONTENT_DISPOSITION, value)
        }));
        let headers = answer.headers.into_iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name, value.to_str().unwrap().to_owned()))
            .collect();
        assert_eq!(headers, expected);
    }
}

#[test]
fn a_statement_that_would_not_be_true_is_our_mistake() {
    for error in [
        crate::statement::StatementError::Contradiction("secret".to_owned()),
        crate::statement::StatementError::Unwritable("secret".to_owned()),
    ] {
        let problem = Problem::from(error);
        assert_eq!(problem.status().as_u16(), 500);
        assert!(!problem.detail().contains("secret"));
    }
    for (error, code, pointer) in [
        (
            crate::statement::StatementError::TooLong(700_000),
            "statement_too_long",
            "/from",
        ),
        (
            crate::statement::StatementError::TooLarge,
            "amounts_too_large",
            "/format",
        ),
    ] {
        let refusal = refusal(Err(error.into()));
        assert_eq!(refusal, (code, vec![(pointer.to_owned(), code.into())]));
    }
}
