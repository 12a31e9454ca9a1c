//! The files, as the programs that they are for read them.

use std::path::Path;

use strongroom_tests::bank::transfer;
use strongroom_tests::tools::{output_of, program, python, run};
use strongroom_tests::{Value, json, list, text, tools};
use tempfile::NamedTempFile;
use tokio::process::Command;

use crate::statements::Statements;

/// What customers write: quotes, markup, and what would begin a formula where a `;` ends a cell.
const REFERENCES: [&str; 9] = rows! {
    "say \"hi\"", "'quoted'", "ok;=cmd|' /C calc'!A0;x", "x;\"=1+1\"", "x\", =1 |@2", "-5",
    "rent & <more> &quot;", "]]> #&#61;1", "caf\u{e9} \u{1f3e6}",
};

/// What a reader says of an entry: its id, its signed amount, and its reference.
type Line = (String, String, Option<String>);

impl Statements {
    /// The file of an account with a payment of each reference, and what a reader must say of it.
    async fn of_references(format: &str) -> (NamedTempFile, Vec<Line>) {
        let scene = Self::busy().await;
        for reference in REFERENCES {
            let mut body = transfer(&scene.from, &scene.to, "0.01", "EUR");
            body["reference"] = json!(reference);
            scene.alice.submit("transfer", &body).await.expect(201);
        }
        let file = NamedTempFile::new().expect("a temporary file");
        let statement = scene.in_form(format).await;
        std::fs::write(file.path(), &statement.body).expect("it is written");
        (file, scene.lines().await)
    }

    /// What a reader must say.
    async fn lines(&self) -> Vec<Line> {
        let statement = self.statement().await;
        let entries = list(&statement["entries"]);
        let line = |entry: &Value| {
            let sign = ["", "-"][usize::from(entry["direction"] == "debit")];
            let amount = format!("{sign}{}", text(&entry["amount"]));
            let reference = entry["reference"].as_str();
            let reference = reference.map(|text| text.replace('\u{fffe}', "\u{fffd}"));
            (text(&entry["id"]).to_owned(), amount, reference)
        };
        entries.iter().map(line).collect()
    }
}

/// The closing balance of [`Statements::of_references`].
const BALANCE: &str = "74.25";

/// What follows a label in each line that has it.
fn after<'a>(text: &'a str, label: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = text.lines().map(str::trim);
    lines.filter_map(move |line| line.strip_prefix(label))
}

#[tokio::test]
async fn libofx_reads_what_json_says() {
    let Some(mut ofxdump) = program("ofxdump") else {
        return;
    };
    let (file, lines) = Statements::of_references("ofx").await;
    ofxdump.arg(file.path());
    let (output, all) = run(ofxdump).await;
    assert!(output.status.success());
    assert!(!all.contains("LibOFX ERROR"), "{all}");
    let said = String::from_utf8_lossy(&output.stdout);
    let id = "Financial institution's ID for this transaction: ";
    assert!(after(&said, id).eq(lines.iter().map(|(id, ..)| id)));
    let amount = "Total money amount: ";
    assert!(after(&said, amount).eq(lines.iter().map(|(_, amount, _)| amount)));
    let memo = "Extra transaction information (memo): ";
    assert!(after(&said, memo).eq(lines.iter().filter_map(|(.., memo)| memo.as_ref())));
    assert!(after(&said, "Ledger balance: ").eq([BALANCE]));
}

/// What a command prints, which is JSON.
async fn json_of(command: Command) -> Value {
    serde_json::from_str(&output_of(command).await).expect("JSON")
}

/// Asserts that a script, which prints what a reader of OFX makes of a file, says these lines.
async fn reads(mut reader: Command, file: &Path, lines: &[Line], is_read: fn(&str) -> bool) {
    reader.arg(file);
    let said = json_of(reader).await;
    assert_eq!(said["balance"], BALANCE);
    let said = list(&said["lines"]);
    assert_eq!(said.len(), lines.len());
    for (said, (id, amount, reference)) in said.iter().zip(lines) {
        assert_eq!([&said[0], &said[1]], [id, amount]);
        if is_read(reference.as_deref().unwrap_or_default()) {
            assert_eq!(said[2], json!(reference));
        }
    }
}

#[tokio::test]
async fn readers_of_ofx_of_python_and_node_read_what_json_says() {
    let (file, lines) = Statements::of_references("ofx").await;
    if let Some(ofxtools) = python("clients/ofx.py") {
        reads(ofxtools, file.path(), &lines, |_| true).await;
    }
    for package in ["ofx-js", "node-ofx-parser"] {
        let Some(mut reader) = tools::node("clients/ofx.js") else {
            return;
        };
        reader.arg(package);
        // The latter escapes again what it reads.
        let is_read: fn(&str) -> bool = match package {
            "ofx-js" => |_| true,
            _ => |reference| !reference.contains(['&', '<', '>']),
        };
        reads(reader, file.path(), &lines, is_read).await;
    }
}

#[tokio::test]
async fn readers_of_camt_053_read_a_day_that_is_not_over() {
    let (file, lines) = Statements::of_references("camt.053").await;
    if let Some(mut ofxstatement) = program("ofxstatement") {
        let converted = NamedTempFile::new().expect("a temporary file");
        ofxstatement.args(["convert", "--type", "iso20022"]);
        ofxstatement.args([file.path(), converted.path()]);
        output_of(ofxstatement).await;
        let converted = std::fs::read_to_string(converted.path()).expect("UTF-8");
        assert!(converted.contains(&format!("<BALAMT>{BALANCE}</BALAMT>")));
        for (id, amount, _) in &lines {
            let id = id.replace('-', "");
            let line = format!("<TRNAMT>{amount}</TRNAMT><REFNUM>{id}</REFNUM>");
            assert!(converted.contains(&line), "{line} is not in {converted}");
        }
    }
    if let Some(mut camt053) = program("camt053") {
        camt053.args(["parse", "--input"]).arg(file.path());
        let said = json_of(camt053).await;
        let statement = &said["statements"][0];
        assert_eq!(statement["balances"][1]["type_code"], "CLBD");
        assert_eq!(statement["balances"][1]["amount"], BALANCE);
        let entries = list(&statement["entries"]).iter();
        let ids = entries.map(|entry| text(&entry["account_servicer_ref"]));
        assert!(ids.eq(lines.iter().map(|(id, ..)| id.replace('-', ""))));
    }
}

/// Each row of the CSV asserts a balance: the file's entries must add up to it.
#[tokio::test]
async fn the_balances_that_hledger_asserts_hold() {
    let hledger = || {
        let mut hledger = program("hledger")?;
        // It reads and writes text as the environment says.
        hledger.env("LC_ALL", "C.UTF-8");
        Some(hledger)
    };
    let Some(mut import) = hledger() else {
        return;
    };
    let (statement, _) = Statements::of_references("csv").await;
    import
        .args(["print", "--file"])
        .arg(format!("csv:{}", statement.path().display()))
        .arg("--rules-file")
        .arg(tools::in_tests("clients/hledger.rules"));
    let journal = output_of(import).await;
    let asserted = format!("= EUR{BALANCE}");
    assert!(journal.contains(&asserted), "{journal}");
    // What hledger would not notice, this test would not either.
    let wrong = journal.replace(&asserted, "= EUR74.26");
    for (journal, holds) in [(journal, true), (wrong, false)] {
        let file = NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), journal).expect("it is written");
        let mut check = hledger().expect("it was there");
        check.args(["check", "assertions", "--file"]);
        check.arg(file.path());
        assert_eq!(run(check).await.0.status.success(), holds);
    }
}

#[tokio::test]
async fn python_finds_no_formula_in_the_csv_whatever_separates_its_cells() {
    let Some(mut reader) = python("clients/cells.py") else {
        return;
    };
    let (file, _) = Statements::of_references("csv").await;
    reader.arg(file.path());
    let cells = json_of(reader).await;
    let cells: Vec<&str> = list(&cells).iter().map(text).collect();
    for cell in &cells {
        let is_formula = cell.trim_start().starts_with(['=', '+', '-', '@']);
        let amount = cell.strip_prefix('-').and_then(|rest| rest.split_once('.'));
        let is_number = |part: &str| part.parse::<u64>().is_ok();
        let is_amount = amount.is_some_and(|(units, cents)| is_number(units) && is_number(cents));
        assert!(!is_formula || is_amount, "{cell}");
    }
    // It was read, and by its own dialect too.
    for own in ["ok;'=cmd|'' /C calc'!A0;x", "'-5", BALANCE] {
        assert!(cells.contains(&own), "{own}");
    }
}
