//! The forms that have a schema. What each says, the tests of `components/account` hold against the
//! ledger, and those of [`readers`](super::readers) against what programs of others read.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use strongroom_tests::{Answer, tools, workspace};

use crate::statements::{FROM_THE_FIRST_DAY, Statements};

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

#[tokio::test]
async fn camt_053_is_valid_for_a_day_that_is_not_over_and_for_a_past_period_and_so_is_ofx() {
    let scene = Statements::busy().await;
    validate_camt_053(&scene.in_form("camt.053").await.body);
    let query = "from=2020-01-01&to=2020-12-31&format=camt.053";
    let past = scene.alice.get(&scene.path(query)).await;
    validate_camt_053(&past.body);
    assert!(past.text().contains("<Cd>CLBD</Cd>"));
    let ofx = workspace::schema("ofx-2.2-subset.xsd");
    validate(&ofx, &scene.in_form("ofx").await.body);
}
