//! The statement as an ISO 20022 message: `camt.053.001.08`, "Bank to Customer Statement".
//!
//! The elements have the schema's order. Optional elements without a meaning here are left out,
//! such as a statement's number: this bank numbers none. `CreDtTm` is the moment of the closing
//! balance, not of the request, so that the statement of a past period never changes.
//!
//! A statement has a closing balance (`CLBD`), as ISO demands: the balance at the end of `FrToDt`.
//! Where the last day is not over, the same balance is there again as `ITBD`, "interim booked",
//! with its time of day.

use super::layout::Layout;
use super::line::Line;
use super::summary::{Summary, Total};
use super::xml::Xml;
use crate::account::Direction;
use crate::account::{Account, AccountType};
use std::io;
use strongroom_sdk::clock::format_rfc3339;
use uuid::Uuid;

pub(super) struct Camt053;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";

/// Amounts and sums have at most 18 digits (`totalDigits` of their types).
const AMOUNT_MINOR_END: i64 = 1_000_000_000_000_000_000;

/// SEPA's word for a payment without the payer's own end-to-end reference.
const NO_END_TO_END_ID: &str = "NOTPROVIDED";

impl Layout for Camt053 {
    fn has_room_for(&self, summary: &Summary) -> bool {
        let (opening, closing) = (summary.opening, summary.closing);
        let all = summary
            .debits
            .sum_minor
            .checked_add(summary.credits.sum_minor);
        let balances = [opening.balance_minor, closing.balance_minor];
        all.is_some_and(|sum| sum < AMOUNT_MINOR_END)
            && balances
                .iter()
                .all(|balance| balance.saturating_abs() < AMOUNT_MINOR_END)
    }

    fn head(&self, summary: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        let mut xml = Xml::new(out);
        let (id, made_at) = (identifier(summary.id()), time(summary.as_of_ms));
        xml.declaration(None)?;
        xml.open_with("Document", ("xmlns", NAMESPACE))?;
        xml.open("BkToCstmrStmt")?;
        xml.around("GrpHdr", |xml| {
            xml.text("MsgId", &id)?;
            xml.text("CreDtTm", &made_at)
        })?;
        xml.open("Stmt")?;
        xml.text("Id", &id)?;
        xml.text("CreDtTm", &made_at)?;
        xml.around("FrToDt", |xml| {
            let from_ms = summary.period.from().first_ms();
            xml.text("FrDtTm", &time(from_ms))?;
            xml.text("ToDtTm", &made_at)
        })?;
        account(&mut xml, &summary.account)?;
        balances(&mut xml, summary)?;
        totals(&mut xml, summary)
    }

    fn line(&self, summary: &Summary, line: &Line, out: &mut Vec<u8>) -> io::Result<()> {
        let entry = &line.entry;
        let booked_at = time(entry.created_at_ms);
        let amount = |xml: &mut Xml<'_>| {
            amount(xml, &summary.account, entry.amount_minor)?;
            xml.text("CdtDbtInd", word_of(entry.direction))
        };
        // A time begins with its date.
        let day = booked_at.get(..10).unwrap_or_default();
        Xml::new(out).around("Ntry", |xml| {
            xml.text("NtryRef", &entry.sequence.to_string())?;
            amount(xml)?;
            if line.is_reversal() {
                xml.text("RvslInd", "true")?;
            }
            xml.around("Sts", |xml| xml.text("Cd", "BOOK"))?;
            xml.around("BookgDt", |xml| xml.text("Dt", day))?;
            xml.around("ValDt", |xml| xml.text("Dt", day))?;
            xml.text("AcctSvcrRef", &identifier(entry.id(&summary.account)))?;
            code(xml, line)?;
            xml.open("NtryDtls")?;
            xml.around("TxDtls", |xml| {
                xml.around("Refs", |xml| {
                    xml.text("EndToEndId", NO_END_TO_END_ID)?;
                    xml.text("TxId", &identifier(entry.transaction_id))
                })?;
                amount(xml)?;
                details(xml, line, &booked_at)
            })?;
            xml.close("NtryDtls")
        })
    }

    fn tail(&self, _: &Summary, out: &mut Vec<u8>) -> io::Result<()> {
        let mut xml = Xml::new(out);
        for name in ["Stmt", "BkToCstmrStmt", "Document"] {
            xml.close(name)?;
        }
        Ok(())
    }
}

/// `2026-11-22T19:10:57+00:00`. Readers accept no fraction of a second, and some no `Z`.
fn time(time_ms: i64) -> String {
    let text = format_rfc3339(time_ms);
    let seconds = text.split_once('.').map_or(&*text, |(seconds, _)| seconds);
    format!("{seconds}+00:00")
}

/// Identifiers have at most 35 characters, and a UUID with its hyphens has 36.
fn identifier(id: Uuid) -> String {
    id.simple().to_string()
}

fn word_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Debit => "DBIT",
        Direction::Credit => "CRDT",
    }
}

/// The side of an amount: amounts have no sign.
fn side_of(minor: i64) -> &'static str {
    word_of(if minor < 0 {
        Direction::Debit
    } else {
        Direction::Credit
    })
}

fn amount(xml: &mut Xml<'_>, account: &Account, minor: i64) -> io::Result<()> {
    let text = account.money(minor.saturating_abs()).to_string();
    xml.text_with("Amt", ("Ccy", account.currency.code()), &text)
}

fn account(xml: &mut Xml<'_>, account: &Account) -> io::Result<()> {
    let kind = match account.account_type {
        AccountType::Savings => "SVGS",
        // ISO 20022 has no word for an account of the bank's own.
        AccountType::Checking | AccountType::Internal | AccountType::Settlement => "CACC",
    };
    xml.around("Acct", |xml| {
        iban(xml, &account.number)?;
        xml.around("Tp", |xml| xml.text("Cd", kind))?;
        xml.text("Ccy", account.currency.code())
    })
}

fn iban(xml: &mut Xml<'_>, number: &str) -> io::Result<()> {
    xml.around("Id", |xml| xml.text("IBAN", number))
}

fn balances(xml: &mut Xml<'_>, summary: &Summary) -> io::Result<()> {
    let (opening_minor, closing_minor) =
        (summary.opening.balance_minor, summary.closing.balance_minor);
    let [from, to] = [summary.period.from(), summary.period.to()].map(|day| day.to_string());
    balance(xml, summary, "OPBD", opening_minor, "Dt", &from)?;
    balance(xml, summary, "CLBD", closing_minor, "Dt", &to)?;
    if summary.is_final {
        return Ok(());
    }
    let as_of = time(summary.as_of_ms);
    balance(xml, summary, "ITBD", closing_minor, "DtTm", &as_of)
}

fn balance(
    xml: &mut Xml<'_>,
    summary: &Summary,
    code: &str,
    minor: i64,
    date_or_time: &str,
    at: &str,
) -> io::Result<()> {
    xml.around("Bal", |xml| {
        xml.around("Tp", |xml| {
            xml.around("CdOrPrtry", |xml| xml.text("Cd", code))
        })?;
        amount(xml, &summary.account, minor)?;
        xml.text("CdtDbtInd", side_of(minor))?;
        xml.around("Dt", |xml| xml.text(date_or_time, at))
    })
}

/// [`Layout::has_room_for`] has checked that the sum of both fits.
fn totals(xml: &mut Xml<'_>, summary: &Summary) -> io::Result<()> {
    let (debits, credits) = (summary.debits, summary.credits);
    let all = Total {
        count: debits.count + credits.count,
        sum_minor: debits.sum_minor.saturating_add(credits.sum_minor),
    };
    let net_minor = credits.sum_minor - debits.sum_minor;
    let total = |xml: &mut Xml<'_>, total: Total| {
        xml.text("NbOfNtries", &total.count.to_string())?;
        let sum = summary.account.money(total.sum_minor).to_string();
        xml.text("Sum", &sum)
    };
    xml.around("TxsSummry", |xml| {
        xml.around("TtlNtries", |xml| {
            total(xml, all)?;
            xml.around("TtlNetNtry", |xml| {
                let net = summary.account.money(net_minor.saturating_abs());
                xml.text("Amt", &net.to_string())?;
                xml.text("CdtDbtInd", side_of(net_minor))
            })
        })?;
        xml.around("TtlCdtNtries", |xml| total(xml, credits))?;
        xml.around("TtlDbtNtries", |xml| total(xml, debits))
    })
}

/// ISO's code of the payment, and the bank's own word for it. A reversal has the code of its
/// original, as its indicator demands.
fn code(xml: &mut Xml<'_>, line: &Line) -> io::Result<()> {
    let is_out = (line.entry.direction == Direction::Debit) != line.is_reversal();
    let (family, subfamily) = match (line.is_at_counter(), is_out) {
        // Between accounts of this bank: a credit transfer, by a book entry.
        (false, true) => ("ICDT", "BOOK"),
        (false, false) => ("RCDT", "BOOK"),
        (true, true) => ("CNTR", "CWDL"),
        (true, false) => ("CNTR", "CDPT"),
    };
    xml.around("BkTxCd", |xml| {
        xml.around("Domn", |xml| {
            xml.text("Cd", "PMNT")?;
            xml.around("Fmly", |xml| {
                xml.text("Cd", family)?;
                xml.text("SubFmlyCd", subfamily)
            })
        })?;
        xml.around("Prtry", |xml| xml.text("Cd", line.kind.as_str()))
    })
}

/// The other side, the reference, and the time of day.
fn details(xml: &mut Xml<'_>, line: &Line, booked_at: &str) -> io::Result<()> {
    if let Some(number) = &line.counterparty {
        let name = match line.entry.direction {
            Direction::Debit => "CdtrAcct",
            Direction::Credit => "DbtrAcct",
        };
        xml.around("RltdPties", |xml| xml.around(name, |xml| iban(xml, number)))?;
    }
    let reference = line.entry.reference.as_deref().unwrap_or_default();
    if !reference.is_empty() {
        xml.around("RmtInf", |xml| xml.text("Ustrd", reference))?;
    }
    xml.around("RltdDts", |xml| xml.text("TxDtTm", booked_at))
}
