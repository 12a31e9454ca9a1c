//! What each format writes, word by word where others rely on it.

use super::*;
use crate::account::AccountType;
use roxmltree::{Document, Node};
use serde_json::json;
use strongroom_sdk::rows;

/// One entry of each kind, and the reversals of all that can be reversed.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.post(scene.order(Kind::Deposit, [None, Some(&scene.other)], 1_250));
    let deposit = scene.deposit(10_000);
    let sent = scene.send(2_500, "rent <November> & \"more\"");
    scene.receive(1_250);
    let capture = scene.hold_and_capture(4_000, 1_500);
    let withdrawal = scene.withdraw(100);
    for (id, amount_minor) in rows! {
        (sent, 2_500), (capture, 1_500), (withdrawal, 100), (deposit, 10_000),
    } {
        scene.reverse(id, amount_minor);
    }
    scene
}

/// The leaves below each element of a name, as `name=text`.
fn leaves(text: &str, name: &str) -> Vec<Vec<String>> {
    let document = Document::parse(text).unwrap();
    let named = |node: &Node<'_, '_>| node.tag_name().name() == name;
    let has_none_below = |node: &Node<'_, '_>| !node.children().any(|child| child.is_element());
    let words_of = |it: Node<'_, '_>| {
        let text = it.text().unwrap_or_default();
        format!("{}={text}", it.tag_name().name())
    };
    let leaves_of = |element: Node<'_, '_>| {
        let elements = element.descendants().filter(Node::is_element);
        elements.filter(has_none_below).map(words_of).collect()
    };
    let elements = document.descendants().filter(named);
    elements.map(leaves_of).collect()
}

fn texts(text: &str, name: &str) -> Vec<Vec<String>> {
    let text_of = |leaf: &String| leaf.split_once('=').unwrap().1.to_owned();
    let texts_of = |leaves: &Vec<String>| leaves.iter().map(text_of).collect();
    leaves(text, name).iter().map(texts_of).collect()
}

#[test]
fn json_is_one_object_whose_entries_come_last() {
    let scene = Scene::new();
    scene.go_to("2026-11-20", DAY_MS / 2);
    let id = scene.send_after_deposit();
    let text = scene.text(whole(), Format::Json);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (account, other) = (&scene.own, &scene.other);
    let noon = "2026-11-20T12:00:00.000Z";
    let expected = json!({
        "account": {"id": account.id, "number": account.number, "owner_id": OWNER,
            "type": "checking", "currency": "EUR"},
        "from": "2026-11-20", "to": "2026-11-20", "as_of": noon, "final": false,
        "opening_balance": "0.00", "closing_balance": "70.00",
        "debits": {"count": 1, "sum": "30.00"}, "credits": {"count": 1, "sum": "100.00"},
        "entries": [
            {"id": document["entries"][0]["id"], "sequence": 1, "type": "deposit",
                "transaction_id": Uuid::from_u128(1), "direction": "credit", "amount": "100.00",
                "currency": "EUR", "balance_after": "100.00", "created_at": noon,
                "counterparty_number": null, "reference": null, "reversal": false},
            {"id": document["entries"][1]["id"], "sequence": 2, "type": "transfer",
                "transaction_id": id, "direction": "debit", "amount": "30.00",
                "currency": "EUR", "balance_after": "70.00", "created_at": noon,
                "counterparty_number": other.number, "reference": "rent", "reversal": false},
        ],
    });
    assert_eq!(document, expected);
}

impl Scene {
    fn send_after_deposit(&self) -> Uuid {
        self.deposit(10_000);
        self.send(3_000, "rent")
    }
}

#[test]
fn csv_has_a_header_the_balances_as_rows_and_signed_amounts() {
    let scene = Scene::new();
    let id = scene.send_after_deposit();
    scene.go_to("2026-11-21", 0);
    let text = scene.text(whole(), Format::Csv);
    let ids: Vec<_> = text.lines().map(|row| row.rsplit(',').next()).collect();
    let [first, second] = [ids[2], ids[3]].map(Option::unwrap);
    let (deposit, other) = (Uuid::from_u128(1), &scene.other.number);
    let (day, noon) = ("2026-11-20", "2026-11-20T12:00:00.000Z");
    let expected = format!(
        "sequence,created_at,type,direction,amount,currency,balance_after,counterparty_number,\
         reference,reversal,transaction_id,id\r\n\
         ,{day}T00:00:00.000Z,opening_balance,,,EUR,0.00,,,,,\r\n\
         1,{noon},deposit,credit,100.00,EUR,100.00,,,false,{deposit},{first}\r\n\
         2,{noon},transfer,debit,-30.00,EUR,70.00,{other},rent,false,{id},{second}\r\n\
         ,{day}T23:59:59.999Z,closing_balance,,,EUR,70.00,,,,,\r\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn camt_053_has_iso_s_codes_and_a_reversal_those_of_its_original() {
    let text = scene().text(whole(), Format::Camt053);
    let expected = rows! {
        ["PMNT", "CNTR", "CDPT", "deposit"], ["PMNT", "ICDT", "BOOK", "transfer"],
        ["PMNT", "RCDT", "BOOK", "transfer"], ["PMNT", "ICDT", "BOOK", "capture"],
        ["PMNT", "CNTR", "CWDL", "withdrawal"], ["PMNT", "ICDT", "BOOK", "reversal"],
        ["PMNT", "ICDT", "BOOK", "reversal"], ["PMNT", "CNTR", "CWDL", "reversal"],
        ["PMNT", "CNTR", "CDPT", "reversal"],
    };
    assert_eq!(texts(&text, "BkTxCd"), expected);
    assert_eq!(texts(&text, "RvslInd").concat(), ["true"; 4]);
}

#[test]
fn camt_053_of_a_past_period_is_made_at_its_end_and_has_a_closing_balance() {
    let scene = Scene::new();
    scene.deposit(10_000);
    scene.go_to("2026-11-22", 5);
    let text = scene.text(whole(), Format::Camt053);
    let id = scene.summary(whole()).unwrap().id().simple().to_string();
    let end = "2026-11-20T23:59:59+00:00";
    let number = &scene.own.number;
    let header = format!("MsgId={id} CreDtTm={end}");
    assert_eq!(leaves(&text, "GrpHdr")[0].join(" "), header);
    let expected = format!(
        "Id={id} CreDtTm={end} FrDtTm=2026-11-20T00:00:00+00:00 ToDtTm={end} \
         IBAN={number} Cd=CACC Ccy=EUR \
         Cd=OPBD Amt=0.00 CdtDbtInd=CRDT Dt=2026-11-20 \
         Cd=CLBD Amt=100.00 CdtDbtInd=CRDT Dt=2026-11-20 \
         NbOfNtries=1 Sum=100.00 Amt=100.00 CdtDbtInd=CRDT \
         NbOfNtries=1 Sum=100.00 NbOfNtries=0 Sum=0.00 NtryRef=1 Amt=100.00"
    );
    assert_eq!(leaves(&text, "Stmt")[0][..25].join(" "), expected);
}

#[test]
fn camt_053_of_a_day_that_is_not_over_has_an_interim_balance_too() {
    let scene = Scene::new();
    scene.deposit(10_000);
    scene.go_to("2026-11-20", DAY_MS / 2 + 789);
    let text = scene.text(whole(), Format::Camt053);
    // Whole seconds: readers refuse fractions.
    let now = "2026-11-20T12:00:00+00:00";
    let expected = [
        ["OPBD", "0.00", "CRDT", "2026-11-20"],
        ["CLBD", "100.00", "CRDT", "2026-11-20"],
        ["ITBD", "100.00", "CRDT", now],
    ];
    assert_eq!(texts(&text, "Bal"), expected);
    assert_eq!(texts(&text, "CreDtTm").concat(), [now, now]);
}

#[test]
fn a_debt_is_a_debit_where_there_are_no_signs_and_negative_where_there_are() {
    let scene = Scene::new();
    kit::set_limit(&scene.store, &scene.clock, scene.own.id, 1_000_000).unwrap();
    scene.withdraw(1_234);
    for format in Format::ALL {
        assert_eq!(scene.read(whole(), format).closing_minor, -1_234);
    }
    let text = scene.text(whole(), Format::Camt053);
    assert_eq!(texts(&text, "Bal")[1][1..3], ["12.34", "DBIT"]);
    assert_eq!(texts(&text, "TtlNtries"), [["1", "12.34", "12.34", "DBIT"]]);
}

#[test]
fn ofx_has_the_elements_of_its_specification_in_their_order() {
    let scene = Scene::new();
    scene.send_after_deposit();
    scene.go_to("2026-11-21", 0);
    let text = scene.text(whole(), Format::Ofx);
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\
        <?OFX OFXHEADER=\"200\" VERSION=\"220\" SECURITY=\"NONE\" \
        OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?><OFX>";
    assert!(text.starts_with(start), "{text}");
    let [first, second] = [0, 1].map(|place| texts(&text, "FITID").concat().remove(place));
    let id = scene.summary(whole()).unwrap().id().to_string();
    let (noon, end) = ("20261120120000.000[0:GMT]", "20261120235959.999[0:GMT]");
    let [one, two] = [1, 2].map(|number| Uuid::from_u128(number).simple());
    let [own, other] = [&scene.own.number, &scene.other.number];
    let expected = format!(
        "CODE=0 SEVERITY=INFO DTSERVER={end} LANGUAGE=ENG \
         TRNUID={id} CODE=0 SEVERITY=INFO \
         CURDEF=EUR BANKID=10000000 ACCTID={own} ACCTTYPE=CHECKING \
         DTSTART=20261120000000.000[0:GMT] DTEND={end} \
         TRNTYPE=DEP DTPOSTED={noon} TRNAMT=100.00 FITID={first} REFNUM={one} NAME=deposit \
         TRNTYPE=XFER DTPOSTED={noon} TRNAMT=-30.00 FITID={second} REFNUM={two} NAME={other} \
         MEMO=rent BALAMT=70.00 DTASOF={end}"
    );
    assert_eq!(leaves(&text, "OFX")[0].join(" "), expected);
}

#[test]
fn an_entry_has_the_same_fitid_in_every_statement() {
    let scene = scene();
    let first = texts(&scene.text(whole(), Format::Ofx), "FITID");
    scene.go_to("2026-11-25", 0);
    scene.deposit(1);
    let later = scene.text(period("2026-11-01", "2026-11-25"), Format::Ofx);
    assert_eq!(texts(&later, "FITID")[..9], first);
}

#[test]
fn a_savings_account_is_called_one() {
    let scene = Scene::new();
    let mut savings = scene.account();
    savings.account_type = AccountType::Savings;
    let summary = Summary::read(&scene.store, &scene.clock, savings, whole()).unwrap();
    for (format, words) in [
        (Format::Json, "\"type\":\"savings\""),
        (Format::Camt053, "<Tp><Cd>SVGS</Cd></Tp>"),
        (Format::Ofx, "<ACCTTYPE>SAVINGS</ACCTTYPE>"),
    ] {
        let text = scene.written(summary.clone(), format).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn every_format_can_be_read_whatever_a_reference_has_in_it() {
    let scene = Scene::new();
    scene.deposit(10_000);
    let longest = "\u{1f3e6}".repeat(140);
    for reference in rows! {
        "", " ", "a,b;c\td", "he said \"no\"", "two\r\nlines\nand\rmore", "'already quoted",
        "]]></Ustrd><!-- & &amp; &#0; -->", "=cmd|' /C calc'!A0", "+49 30 1234", "=1+1",
        "nul \u{0} bell \u{7} escape \u{1b}", "not characters \u{fffe} \u{ffff}",
        "caf\u{e9} \u{202e}right to left", "ok;=cmd|' /C calc'!A0;x", "x|=1|+2;-3;@4", "x\t=1",
        "x\";=1", "x;\"=1\"", "x;\"\"=1", "x; =1", "x;\u{a0}=1", "x,=1", "x\\\",=1", "x\n=1",
        "x\r\n=1", "x\u{2028}=1", "x;'=1", "\u{ff1d}1;\u{ff20}2", &longest,
    } {
        scene.send(1, reference);
    }
    scene.assert_whole();
    let csv = scene.text(whole(), Format::Csv);
    assert!(csv.contains(",\"'=cmd|'' /C calc'!A0\","), "{csv}");
    assert!(csv.contains(",''already quoted,"), "{csv}");
}

#[test]
fn ofx_has_the_three_entities_that_its_readers_know_and_no_others() {
    let scene = Scene::new();
    scene.deposit(10_000);
    scene.send(1, "say \"hi\", 'quoted' & <more>\r\n");
    let text = scene.text(whole(), Format::Ofx);
    let memo = "<MEMO>say \"hi\", 'quoted' &amp; &lt;more&gt;  </MEMO>";
    assert!(text.contains(memo), "{text}");
}

#[test]
fn amounts_have_the_digits_of_their_currency() {
    for (code, closing) in rows! {
        ("JPY", "12345"), ("EUR", "123.45"), ("KWD", "12.345"), ("CLF", "1.2345"),
    } {
        let scene = Scene::in_currency(code);
        scene.deposit(12_345);
        for format in Format::ALL {
            assert_eq!(scene.read(whole(), format).closing_minor, 12_345);
            let text = scene.text(whole(), format);
            assert!(text.contains(closing), "{text}");
        }
    }
}

#[test]
fn the_other_formats_have_amounts_that_camt_053_has_no_room_for() {
    let scene = Scene::new();
    for _ in 0..999 {
        scene.deposit(1_000_000_000_000_000);
    }
    scene.statement(whole(), Format::Camt053).unwrap();
    scene.deposit(1_000_000_000_000_000);
    for format in Format::ALL {
        let error = scene.statement(whole(), format).err();
        let expected = (format == Format::Camt053).then_some(StatementError::TooLarge);
        assert_eq!(error, expected, "{format:?}");
    }
}
