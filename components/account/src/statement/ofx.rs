//! The statement as Open Financial Exchange 2.2: XML, with the elements of the OFX specification,
//! section 11.4, in their order.
//!
//! An OFX file is a response of that protocol, also where no request came before: so it begins with
//! a sign-on.
//!
//! Most readers are older than XML: of its entities they know `&lt;`, `&gt;`, and `&amp;` (section
//! 2.3.2.1), and a value is one line. OFX has no opening balance: it is the closing balance less
//! all amounts.

use super::layout::Layout;
use super::line::Line;
use super::summary::Summary;
use super::xml::Xml;
use crate::account::Direction;
use crate::account::{Account, AccountType};
use iban::Iban;
use std::io;
use strongroom_ledger_api::Kind;
use strongroom_sdk::clock::format_rfc3339;

pub(super) struct Ofx;

const INSTRUCTION: &str =
    r#"OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE""#;

/// The most characters of `BANKID`, of `ACCTID`, and of `NAME`.
const BANK_ID_LENGTH_MAX: usize = 9;
const ACCOUNT_ID_LENGTH_MAX: usize = 22;
const NAME_LENGTH_MAX: usize = 32;

/// The characters that no value may have: each becomes a space.
const BREAKS: [char; 3] = ['\t', '\r', '\n'];

impl Layout for Ofx {
    fn head(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        let account = &summary.account;
        let as_of = time(summary.as_of_ms);
        let mut xml = Xml::new(out);
        xml.declaration(Some("no"))?;
        xml.instruction(INSTRUCTION)?;
        xml.open("OFX")?;
        xml.open("SIGNONMSGSRSV1")?;
        xml.around("SONRS", |xml| {
            success(xml)?;
            xml.text("DTSERVER", &as_of)?;
            xml.text("LANGUAGE", "ENG")
        })?;
        xml.close("SIGNONMSGSRSV1")?;
        xml.open("BANKMSGSRSV1")?;
        xml.open("STMTTRNRS")?;
        xml.text("TRNUID", &summary.id().to_string())?;
        success(&mut xml)?;
        xml.open("STMTRS")?;
        xml.text("CURDEF", account.currency.code())?;
        xml.around("BANKACCTFROM", |xml| {
            xml.text("BANKID", &bank_id(&account.number))?;
            xml.text("ACCTID", account_id(&account.number))?;
            xml.text("ACCTTYPE", type_of(account))
        })?;
        xml.open("BANKTRANLIST")?;
        xml.text("DTSTART", &time(summary.period.from().first_ms()))?;
        xml.text("DTEND", &as_of)
    }

    fn line(&self, summary: &Summary, line: &Line, out: &mut Vec<u8>) -> io::Result<()> {
        let entry = &line.entry;
        Xml::new(out).around("STMTTRN", |xml| {
            xml.text("TRNTYPE", word_of(line))?;
            xml.text("DTPOSTED", &time(entry.created_at_ms))?;
            let amount = summary.account.money(line.signed_minor());
            xml.text("TRNAMT", &amount.to_string())?;
            xml.text("FITID", &entry.id(&summary.account).to_string())?;
            xml.text("REFNUM", &entry.transaction_id.simple().to_string())?;
            let name = line.counterparty.as_deref().unwrap_or(line.kind.as_str());
            xml.text("NAME", name.get(..NAME_LENGTH_MAX).unwrap_or(name))?;
            match entry.reference.as_deref() {
                Some(reference) if !reference.is_empty() => {
                    xml.text("MEMO", &reference.replace(BREAKS, " "))
                }
                _ => Ok(()),
            }
        })
    }

    fn tail(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        let account = &summary.account;
        let mut xml = Xml::new(out);
        xml.close("BANKTRANLIST")?;
        xml.around("LEDGERBAL", |xml| {
            let closing = account.money(summary.closing.balance_minor);
            xml.text("BALAMT", &closing.to_string())?;
            xml.text("DTASOF", &time(summary.as_of_ms))
        })?;
        for name in ["STMTRS", "STMTTRNRS", "BANKMSGSRSV1", "OFX"] {
            xml.close(name)?;
        }
        Ok(())
    }
}

fn success(xml: &mut Xml<'_>) -> io::Result<()> {
    xml.around("STATUS", |xml| {
        xml.text("CODE", "0")?;
        xml.text("SEVERITY", "INFO")
    })
}

/// `20261122191057.123[0:GMT]`.
fn time(time_ms: i64) -> String {
    let digits = format_rfc3339(time_ms);
    let digits = digits
        .chars()
        .filter(|character| character.is_ascii_digit() || *character == '.');
    digits.chain("[0:GMT]".chars()).collect()
}

/// The bank code within an IBAN.
fn bank_id(number: &str) -> String {
    let iban = number.parse::<Iban>().ok();
    let bank = iban.as_ref().and_then(Iban::bank_identifier);
    let bank = bank.unwrap_or(number);
    bank.get(..BANK_ID_LENGTH_MAX).unwrap_or(bank).to_owned()
}

/// The IBAN, or its end, where the account's own part is.
fn account_id(number: &str) -> &str {
    let start = number.len().saturating_sub(ACCOUNT_ID_LENGTH_MAX);
    number.get(start..).unwrap_or(number)
}

fn type_of(account: &Account) -> &'static str {
    match account.account_type {
        AccountType::Savings => "SAVINGS",
        // OFX has no word for an account of the bank's own.
        AccountType::Checking | AccountType::Internal | AccountType::Settlement => "CHECKING",
    }
}

/// The word of a line. OFX has none for a capture or a reversal.
fn word_of(line: &Line) -> &'static str {
    match (line.kind, line.entry.direction) {
        (Kind::Deposit, _) => "DEP",
        (Kind::Withdrawal, _) => "CASH",
        (Kind::Transfer, _) => "XFER",
        (_, Direction::Debit) => "DEBIT",
        (_, Direction::Credit) => "CREDIT",
    }
}

#[cfg(test)]
mod tests;
