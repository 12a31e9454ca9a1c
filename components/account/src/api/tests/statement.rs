//! Who may have a statement, of which days, and in which format.

use super::*;
use crate::statement::StatementError;

const TODAY: &str = "2026-11-22";

fn json_of(bank: &Bank, id: Uuid, query: &str) -> Value {
    let statement = done(bank, &alice(), Statement(id, query));
    serde_json::from_str(statement["body"].as_str().unwrap()).unwrap()
}

#[test]
fn a_period_without_an_end_ends_today() {
    let bank = bank();
    let (id, _) = open_eur(&bank, &alice());
    let statement = json_of(&bank, id, "from=2026-11-01");
    assert_json!(statement, {"from": "2026-11-01", "to": TODAY, "as_of": NOW});
    let same = json_of(&bank, id, "from=2026-11-01&to=2026-11-22");
    assert_eq!(same, statement);
}

#[test]
fn every_wrong_parameter_is_reported() {
    let (bank, alice) = (bank(), alice());
    let (id, _) = open_eur(&bank, &alice);
    let is = |query: &str, expected: &str| check(&bank, [(&alice, Statement(id, query), expected)]);
    for day in rows! {
        "", "yesterday", "2026-11", "2026-02-30", "2026-11-22T00:00:00Z", "22.11.2026",
    } {
        let query = format!("from={TODAY}&to={day}");
        is(&query, "422 validation_failed /to");
        is(&format!("from={day}"), "422 validation_failed /from");
    }
    for format in ["", "JSON", "camt", "camt053", "camt.052", "mt940", "pdf"] {
        let query = format!("from={TODAY}&format={format}");
        is(&query, "422 validation_failed /format");
    }
    for (query, expected) in rows! {
        ("from=x&to=y&format=z", "422 validation_failed /from /to /format"),
        ("from=2026-11-21&to=2026-11-20", "422 validation_failed /from"),
        ("from=2026-11-22&to=2026-11-23", "422 period_in_future /to"),
        ("from=2026-11-23&to=9999-12-31", "422 period_in_future /from /to"),
        ("from=2026-11-23", "422 period_in_future /from"),
        ("from=2026-11-22&until=2026-11-22", "422 validation_failed /until"),
        ("from=2026-11-22&from=2026-11-22", "422 validation_failed /from"),
        ("to=2026-11-22", "422 validation_failed /from"),
    } {
        is(query, expected);
    }
    let problem = call(&bank, &alice, Statement(id, "from=2026-11-22&format=pdf")).unwrap_err();
    let detail = &problem.errors()[0].detail;
    assert_eq!(detail, "must be one of json, csv, camt.053, ofx");
}

#[test]
fn each_format_has_its_media_type_and_a_file_its_name() {
    let bank = bank();
    let (id, view) = open_eur(&bank, &alice());
    let number = view["number"].as_str().unwrap();
    for (format, media_type, extension) in [
        ("", "application/json", None),
        ("&format=json", "application/json", None),
        ("&format=csv", "text/csv; charset=utf-8", Some("csv")),
        ("&format=camt.053", "application/xml", Some("xml")),
        ("&format=ofx", "application/x-ofx", Some("ofx")),
    ] {
        let query = format!("from=2026-11-01&to=2026-11-20{format}");
        let mut expected = vec![json!(["content-type", media_type])];
        expected.extend(extension.map(|extension| {
            let name = format!("statement-{number}-2026-11-01-2026-11-20.{extension}");
            let attachment = format!("attachment; filename=\"{name}\"");
            json!(["content-disposition", attachment])
        }));
        let statement = done(&bank, &alice(), Statement(id, &query));
        assert_eq!(statement["headers"], json!(expected));
    }
}

#[test]
fn a_wrong_statement_is_the_bank_s_fault() {
    for (error, expected) in rows! {
        (StatementError::Contradiction("secret".to_owned()), "500 internal_error"),
        (StatementError::Unwritable("secret".to_owned()), "500 internal_error"),
        (StatementError::TooLong(700_000), "422 statement_too_long /from"),
        (StatementError::TooLarge, "422 amounts_too_large /format"),
    } {
        let problem = Problem::from(error);
        assert!(!problem.detail().contains("secret"));
        assert_eq!(words_of(&problem), expected);
    }
}
