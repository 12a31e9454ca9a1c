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
pub fn validate_camt_053(message: &[u8]) {
    if let Some(schema) = tools::python_file("camt053/xsd/camt.053.001.08.xsd") {
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
async fn camt_053_is_valid_and_says_what_json_says() {
    let scene = Statements::busy().await;
    let answer = scene.in_form("camt.053").await;
    validate_camt_053(&answer.body);
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
    validate_camt_053(&answer.body);
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
