//! Each form, as the programs that it is for read it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use roxmltree::{Document, Node};
use strongroom_tests::{Answer, Value, list, text, tools, workspace};

use crate::statements::{FROM_THE_FIRST_DAY, REFERENCE, Statements, minor};

impl Statements {
    pub async fn in_form(&self, format: &str) -> Answer {
        let query = format!("{FROM_THE_FIRST_DAY}&format={format}");
        let answer = self.alice.get(&self.path(&query)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }
}

/// Asserts that ISO's schema accepts a message, if it is installed.
pub fn validate_camt_053(test: &str, message: &[u8]) {
    if let Some(schema) = tools::python_file(test, "camt053/xsd/camt.053.001.08.xsd") {
        validate(&schema, message);
    }
}

/// Asserts that xmllint accepts a document by a schema.
fn validate(schema: &Path, document: &[u8]) {
    let mut xmllint = Command::new("xmllint")
        .args(["--noout", "--stream", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is there: ./build.sh test installs it");
    let mut stdin = xmllint.stdin.take().expect("a pipe");
    stdin.write_all(document).expect("xmllint reads");
    drop(stdin);
    let output = xmllint.wait_with_output().expect("xmllint ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The only element at a path below a node.
#[track_caller]
fn one<'a, 'i>(node: Node<'a, 'i>, path: &str) -> Node<'a, 'i> {
    path.split('/').fold(node, |node, name| {
        let found = named(node, name);
        assert_eq!(found.len(), 1, "{path}");
        found[0]
    })
}

fn named<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Vec<Node<'a, 'i>> {
    let children = node.children();
    children
        .filter(|child| child.tag_name().name() == name)
        .collect()
}

#[track_caller]
fn text_at<'a>(node: Node<'a, '_>, path: &str) -> &'a str {
    one(node, path).text().unwrap_or_default()
}

fn minor_at(node: Node<'_, '_>, path: &str) -> i64 {
    minor(&Value::from(text_at(node, path)))
}

#[tokio::test]
async fn each_form_says_what_it_is_and_a_file_is_saved_under_its_name() {
    let scene = Statements::new().await;
    let statement = scene.statement().await;
    let number = text(&statement["account"]["number"]);
    let today = text(&statement["to"]);
    for (format, media_type, extension) in [
        ("json", "application/json", None),
        ("csv", "text/csv; charset=utf-8", Some("csv")),
        ("camt.053", "application/xml", Some("xml")),
        ("ofx", "application/x-ofx", Some("ofx")),
    ] {
        let answer = scene.in_form(format).await;
        assert_eq!(answer.header("content-type"), Some(media_type));
        let name = extension.map(|extension| {
            let name = format!("statement-{number}-2020-01-01-{today}.{extension}");
            format!("attachment; filename=\"{name}\"")
        });
        assert_eq!(answer.header("content-disposition"), name.as_deref());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(answer.header("x-request-id").is_some());
    }
}

#[tokio::test]
async fn camt_053_is_valid_and_says_what_json_says() {
    let scene = Statements::busy().await;
    let answer = scene.in_form("camt.053").await;
    validate_camt_053("camt_053_is_valid_and_says_what_json_says", &answer.body);
    let json = scene.statement().await;
    let text_of_all = answer.text();
    let document = Document::parse(&text_of_all).expect("XML");
    let statement = one(document.root_element(), "BkToCstmrStmt/Stmt");
    let entries = named(statement, "Ntry");
    let lines = list(&json["entries"]);
    assert_eq!(entries.len(), lines.len());
    for (entry, line) in entries.iter().zip(lines) {
        assert_eq!(minor_at(*entry, "Amt"), minor(&line["amount"]));
        assert_eq!(text_at(*entry, "NtryRef"), line["sequence"].to_string());
    }
    let reference = REFERENCE.replace('\u{fffe}', "\u{fffd}");
    let sent = one(entries[1], "NtryDtls/TxDtls/RmtInf/Ustrd");
    assert_eq!(sent.text(), Some(reference.as_str()));
}

#[tokio::test]
async fn camt_053_of_a_past_period_is_valid_too() {
    let scene = Statements::new().await;
    let query = "from=2020-01-01&to=2020-12-31&format=camt.053";
    let answer = scene.alice.get(&scene.path(query)).await;
    validate_camt_053("camt_053_of_a_past_period_is_valid_too", &answer.body);
    assert!(answer.text().contains("<Cd>CLBD</Cd>"));
}

#[tokio::test]
async fn ofx_is_valid_and_says_what_json_says() {
    let scene = Statements::busy().await;
    let answer = scene.in_form("ofx").await;
    validate(&workspace::schema("ofx-2.2-subset.xsd"), &answer.body);
    let json = scene.statement().await;
    let text_of_all = answer.text();
    let document = Document::parse(&text_of_all).expect("XML");
    let response = one(document.root_element(), "BANKMSGSRSV1/STMTTRNRS/STMTRS");
    let transactions = named(one(response, "BANKTRANLIST"), "STMTTRN");
    let lines = list(&json["entries"]);
    assert_eq!(transactions.len(), lines.len());
    let mut balance = minor(&json["opening_balance"]);
    for (transaction, line) in transactions.iter().zip(lines) {
        balance += minor_at(*transaction, "TRNAMT");
        assert_eq!(balance, minor(&line["balance_after"]));
        assert_eq!(text_at(*transaction, "FITID"), text(&line["id"]));
    }
    assert_eq!(balance, minor_at(response, "LEDGERBAL/BALAMT"));
    assert_eq!(balance, minor(&json["closing_balance"]));
}

#[tokio::test]
async fn csv_has_a_row_for_each_entry_and_no_formula() {
    let scene = Statements::busy().await;
    let text_of_all = scene.in_form("csv").await.text();
    let json = scene.statement().await;
    let rows: Vec<&str> = text_of_all.split("\r\n").collect();
    let lines = list(&json["entries"]);
    // A header, two balances, and nothing after the last line's end.
    assert_eq!(rows.len(), lines.len() + 4);
    assert!(
        rows[0].starts_with("sequence,created_at,type,direction,amount,currency,balance_after,")
    );
    assert!(rows[1].contains(",opening_balance,,,EUR,0.00,"));
    assert!(rows[rows.len() - 2].contains(",closing_balance,,,EUR,74.34,"));
    assert_eq!(rows[rows.len() - 1], "");
    let guarded = "\"'=rent, \"\"November\"\" & <more>\u{fffe}\"";
    assert!(rows[3].contains(guarded), "{}", rows[3]);
    for (row, line) in rows[2..].iter().zip(lines) {
        assert!(row.starts_with(&line["sequence"].to_string()));
        assert!(row.contains(&format!(",{},", text(&line["balance_after"]))));
        assert!(row.contains(text(&line["transaction_id"])));
    }
}
