//! The forms that have a schema. What each says, the tests of `components/account` hold against the
//! ledger, and those of [`readers`](super::readers) against what programs of others read.

use std::fs;
use std::path::Path;
use std::process::Command;

use strongroom_tests::{Answer, tools, workspace};
use tempfile::NamedTempFile;

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
    let file = NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), document).expect("it is written");
    let xmllint = Command::new("xmllint")
        .args(["--noout", "--stream", "--schema"])
        .args([schema, file.path()])
        .output()
        .expect("xmllint is there: ./build.sh test installs it");
    let said = String::from_utf8_lossy(&xmllint.stderr);
    assert!(xmllint.status.success(), "{said}");
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
