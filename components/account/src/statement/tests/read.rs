//! Readers of the four formats, as other programs have them.

use super::super::Format;
use roxmltree::{Document, Node};
use serde_json::Value;
use std::collections::HashMap;
use strongroom_sdk::clock::parse_rfc3339;
use strongroom_sdk::money::Currency;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub opening_minor: i64,
    pub closing_minor: i64,
    /// Count and sum of the debits and of the credits, where the format has them.
    pub totals: Option<[(i64, i64); 2]>,
    pub lines: Vec<ReadLine>,
}

/// The content of an entry; none where the format has no such field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReadLine {
    pub sequence: Option<i64>,
    pub transaction_id: Uuid,
    pub kind: String,
    pub signed_minor: i64,
    pub balance_after_minor: Option<i64>,
    pub created_at_ms: i64,
    pub counterparty: Option<String>,
    pub reference: Option<String>,
    pub is_reversal: bool,
}

pub(super) fn read(format: Format, text: &str, currency: Currency) -> Read {
    match format {
        Format::Json => json(text, currency),
        Format::Csv => csv(text, currency),
        Format::Camt053 => camt053(text, currency),
        Format::Ofx => ofx(text, currency),
    }
}

/// The minor units of a decimal with exactly the currency's digits after the point.
fn minor(text: &str, currency: Currency) -> i64 {
    let fraction = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    assert_eq!(fraction, currency.scale() as usize, "{text}");
    text.replace('.', "").parse().unwrap()
}

fn json(text: &str, currency: Currency) -> Read {
    let document: Value = serde_json::from_str(text).unwrap();
    let amount = |value: &Value| minor(value.as_str().unwrap(), currency);
    let total = |value: &Value| (value["count"].as_i64().unwrap(), amount(&value["sum"]));
    let string = |value: &Value| value.as_str().map(str::to_owned);
    let line = |entry: &Value| {
        assert_eq!(entry["currency"], currency.code());
        let sign = if entry["direction"] == "debit" { -1 } else { 1 };
        ReadLine {
            sequence: entry["sequence"].as_i64(),
            transaction_id: entry["transaction_id"].as_str().unwrap().parse().unwrap(),
            kind: string(&entry["type"]).unwrap(),
            signed_minor: sign * amount(&entry["amount"]),
            balance_after_minor: Some(amount(&entry["balance_after"])),
            created_at_ms: parse_rfc3339(entry["created_at"].as_str().unwrap()).unwrap(),
            counterparty: string(&entry["counterparty_number"]),
            reference: string(&entry["reference"]),
            is_reversal: entry["reversal"].as_bool().unwrap(),
        }
    };
    let entries = document["entries"].as_array().unwrap();
    Read {
        opening_minor: amount(&document["opening_balance"]),
        closing_minor: amount(&document["closing_balance"]),
        totals: Some([total(&document["debits"]), total(&document["credits"])]),
        lines: entries.iter().map(line).collect(),
    }
}

type Record = HashMap<String, String>;

fn csv(text: &str, currency: Currency) -> Read {
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let mut records: Vec<Record> = reader.deserialize().map(Result::unwrap).collect();
    let balance = |record: &Record, kind: &str| {
        assert_eq!(record["type"], kind);
        assert_eq!(record["currency"], currency.code());
        minor(&record["balance_after"], currency)
    };
    let opening_minor = balance(&records.remove(0), "opening_balance");
    let closing_minor = balance(&records.pop().unwrap(), "closing_balance");
    let line = |record: &Record| {
        let text = |name: &str| record[name].clone();
        let some = |text: String| (!text.is_empty()).then_some(text);
        let signed_minor = minor(&record["amount"], currency);
        let direction = if signed_minor < 0 { "debit" } else { "credit" };
        assert_eq!(record["direction"], direction);
        ReadLine {
            sequence: Some(record["sequence"].parse().unwrap()),
            transaction_id: record["transaction_id"].parse().unwrap(),
            kind: text("type"),
            signed_minor,
            balance_after_minor: Some(minor(&record["balance_after"], currency)),
            created_at_ms: parse_rfc3339(&record["created_at"]).unwrap(),
            counterparty: some(text("counterparty_number")),
            reference: some(text("reference")).map(|text| unguarded(&text)),
            is_reversal: record["reversal"] == "true",
        }
    };
    Read {
        opening_minor,
        closing_minor,
        totals: None,
        lines: records.iter().map(line).collect(),
    }
}

/// A reference without the first apostrophe of each cell.
fn unguarded(text: &str) -> String {
    let separators = [';', ',', '|', '\t', '\r', '\n', '\u{2028}', '\u{2029}'];
    let bare = |cell| str::strip_prefix(cell, '\'').unwrap_or(cell);
    text.split_inclusive(separators).map(bare).collect()
}

/// The only element at a path below a node.
fn one<'a, 'i>(node: Node<'a, 'i>, path: &str) -> Option<Node<'a, 'i>> {
    path.split('/').try_fold(node, |node, name| {
        let mut found = all(node, name).into_iter();
        let first = found.next()?;
        assert!(found.next().is_none(), "{path} is there twice");
        Some(first)
    })
}

fn text_of(node: Node<'_, '_>, path: &str) -> Option<String> {
    one(node, path).map(|node| node.text().unwrap_or_default().to_owned())
}

fn all<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Vec<Node<'a, 'i>> {
    let named = |child: &Node<'_, '_>| child.tag_name().name() == name;
    node.children().filter(named).collect()
}

fn signed(node: Node<'_, '_>, currency: Currency) -> i64 {
    let amount = one(node, "Amt").unwrap();
    assert_eq!(amount.attribute("Ccy"), Some(currency.code()));
    let minor = minor(amount.text().unwrap(), currency);
    assert!(minor >= 0);
    match text_of(node, "CdtDbtInd").unwrap().as_str() {
        "CRDT" => minor,
        "DBIT" => -minor,
        other => panic!("{other}"),
    }
}

fn camt053(text: &str, currency: Currency) -> Read {
    let document = Document::parse(text).unwrap();
    let root = document.root_element();
    let namespace = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";
    assert_eq!(root.tag_name().namespace(), Some(namespace));
    let statement = one(root, "BkToCstmrStmt/Stmt").unwrap();
    let balances = all(statement, "Bal");
    let code = |balance: &Node<'_, '_>| text_of(*balance, "Tp/CdOrPrtry/Cd").unwrap();
    let codes = balances.iter().map(code).collect::<Vec<_>>().join(" ");
    assert!(matches!(&*codes, "OPBD CLBD" | "OPBD CLBD ITBD"), "{codes}");
    let closing_minor = signed(balances[1], currency);
    let is_closing = |balance: &Node<'_, '_>| signed(*balance, currency) == closing_minor;
    assert!(balances[1..].iter().all(is_closing));
    let totals = one(statement, "TxsSummry").unwrap();
    let total = |name: &str| {
        let node = one(totals, name).unwrap();
        let count = text_of(node, "NbOfNtries").unwrap().parse().unwrap();
        (count, minor(&text_of(node, "Sum").unwrap(), currency))
    };
    let [debits, credits] = [total("TtlDbtNtries"), total("TtlCdtNtries")];
    let both = (debits.0 + credits.0, debits.1 + credits.1);
    assert_eq!(total("TtlNtries"), both);
    let net = text_of(totals, "TtlNtries/TtlNetNtry/Amt").unwrap();
    assert_eq!(minor(&net, currency), (credits.1 - debits.1).abs());
    let entries = all(statement, "Ntry").into_iter();
    Read {
        opening_minor: signed(balances[0], currency),
        closing_minor,
        totals: Some([debits, credits]),
        lines: entries.map(|entry| camt053_line(entry, currency)).collect(),
    }
}

fn camt053_line(entry: Node<'_, '_>, currency: Currency) -> ReadLine {
    let text = |path| text_of(entry, path);
    let details = one(entry, "NtryDtls/TxDtls").unwrap();
    let signed_minor = signed(entry, currency);
    assert_eq!(signed(details, currency), signed_minor);
    assert_eq!(text("Sts/Cd").as_deref(), Some("BOOK"));
    let created_at = text_of(details, "RltdDts/TxDtTm").unwrap();
    for day in ["BookgDt/Dt", "ValDt/Dt"] {
        assert_eq!(text(day).as_deref(), created_at.get(..10));
    }
    let side = ["DbtrAcct", "CdtrAcct"][usize::from(signed_minor < 0)];
    let parties = one(details, "RltdPties");
    ReadLine {
        sequence: Some(text("NtryRef").unwrap().parse().unwrap()),
        transaction_id: text_of(details, "Refs/TxId").unwrap().parse().unwrap(),
        kind: text("BkTxCd/Prtry/Cd").unwrap(),
        signed_minor,
        balance_after_minor: None,
        created_at_ms: parse_rfc3339(&created_at).unwrap(),
        counterparty: parties.map(|parties| text_of(parties, &format!("{side}/Id/IBAN")).unwrap()),
        reference: text_of(details, "RmtInf/Ustrd"),
        is_reversal: text("RvslInd").as_deref() == Some("true"),
    }
}

fn ofx(text: &str, currency: Currency) -> Read {
    let document = Document::parse(text).unwrap();
    let response = one(document.root_element(), "BANKMSGSRSV1/STMTTRNRS/STMTRS").unwrap();
    assert_eq!(text_of(response, "CURDEF").unwrap(), currency.code());
    let amount = |path| minor(&text_of(response, path).unwrap(), currency);
    let entries = all(one(response, "BANKTRANLIST").unwrap(), "STMTTRN").into_iter();
    let lines: Vec<_> = entries.map(|entry| ofx_line(entry, currency)).collect();
    let closing_minor = amount("LEDGERBAL/BALAMT");
    let moved_minor: i64 = lines.iter().map(|line| line.signed_minor).sum();
    Read {
        opening_minor: closing_minor - moved_minor,
        closing_minor,
        totals: None,
        lines,
    }
}

/// OFX has no words for captures and reversals, and no running balance.
fn ofx_line(entry: Node<'_, '_>, currency: Currency) -> ReadLine {
    let text = |path| text_of(entry, path);
    let name = text("NAME").unwrap();
    ReadLine {
        sequence: None,
        transaction_id: text("REFNUM").unwrap().parse().unwrap(),
        kind: text("TRNTYPE").unwrap(),
        signed_minor: minor(&text("TRNAMT").unwrap(), currency),
        balance_after_minor: None,
        created_at_ms: ofx_time(&text("DTPOSTED").unwrap()),
        counterparty: name.starts_with("DE").then_some(name),
        reference: text("MEMO"),
        is_reversal: false,
    }
}

/// `20261122191057.123[0:GMT]`.
fn ofx_time(text: &str) -> i64 {
    let digits = text.strip_suffix("[0:GMT]").unwrap();
    let [year, month, day, hour, minute, second] =
        [0..4, 4..6, 6..8, 8..10, 10..12, 12..18].map(|range| &digits[range]);
    parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")).unwrap()
}

/// The content of these entries in a format: each format leaves something out.
pub(super) fn said_by(format: Format, lines: &[ReadLine]) -> Vec<ReadLine> {
    // XML cannot have these.
    let unsayable = |c: char| (c < ' ' && !"\t\n\r".contains(c)) || "\u{fffe}\u{ffff}".contains(c);
    let said = |mut line: ReadLine| {
        if format != Format::Json {
            line.reference = line.reference.filter(|text| !text.is_empty());
        }
        if matches!(format, Format::Camt053 | Format::Ofx) {
            line.balance_after_minor = None;
            let clean = |text: String| text.replace(unsayable, "\u{fffd}");
            line.reference = line.reference.map(clean);
        }
        if format == Format::Camt053 {
            line.created_at_ms -= line.created_at_ms.rem_euclid(1_000);
        }
        if format == Format::Ofx {
            (line.sequence, line.is_reversal) = (None, false);
            let on_one_line = |text: String| text.replace(['\t', '\r', '\n'], " ");
            line.reference = line.reference.map(on_one_line);
            let kind = match (line.kind.as_str(), line.signed_minor < 0) {
                ("deposit", _) => "DEP",
                ("withdrawal", _) => "CASH",
                ("transfer", _) => "XFER",
                (_, true) => "DEBIT",
                (_, false) => "CREDIT",
            };
            line.kind = kind.to_owned();
        }
        line
    };
    lines.iter().cloned().map(said).collect()
}
