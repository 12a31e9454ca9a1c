use super::*;
use ::csv::ReaderBuilder;
use strongroom_sdk::rows;

/// The characters that must not begin a cell in any dialect.
const REFERENCES: [&str; 16] = rows! {
    "ok;=cmd|' /C calc'!A0;x", "=1+1", "x|=1|+2;-3;@4", "x\t=1", "x\";=1", "x;\"=1\"", "x;\"\"=1",
    "x; =1", "x;\u{a0}=1", "x,=1", "x\\\",=1", "x\n=1", "x\r\n=1", "x\u{2028}=1", "x;'=1",
    "\u{ff1d}1;\u{ff20}2",
};

#[test]
fn what_could_begin_a_formula_is_guarded_wherever_a_cell_could_begin() {
    for text in ["", "rent", "a=b", "5-3", "it's; \"fine\""] {
        assert_eq!(guarded(text), text);
    }
    for (text, expected) in rows! {
        ("=1+1", "'=1+1"), ("+49 30", "'+49 30"), ("-5", "'-5"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"), ("\u{ff1d}1", "'\u{ff1d}1"), (" =1", "' =1"), ("'quoted'", "''quoted'"),
        ("ok;=cmd|' /C calc'!A0;x", "ok;'=cmd|'' /C calc'!A0;x"), ("a|=b", "a|'=b"),
        ("a;\"=b", "a;'\"=b"), ("a;'=b", "a;''=b"),
    } {
        assert_eq!(guarded(text), expected);
    }
}

/// The reference as the row of a statement has it.
fn row(reference: &str) -> String {
    let (mut out, mut row) = (Vec::new(), ["x"; COLUMNS.len()]);
    let reference = guarded(reference);
    row[8] = &reference;
    write(&mut out, row).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn no_cell_of_any_dialect_begins_a_formula() {
    for reference in REFERENCES {
        for delimiter in [b',', b';', b'\t', b'|'] {
            for (quotes, doubled) in [(true, true), (true, false), (false, false)] {
                let text = row(reference);
                let mut reader = ReaderBuilder::new();
                let reader = reader.has_headers(false).flexible(true);
                let reader = reader.delimiter(delimiter).quoting(quotes);
                let reader = reader.double_quote(doubled).escape(Some(b'\\'));
                for record in reader.from_reader(text.as_bytes()).records() {
                    for cell in record.unwrap().iter() {
                        assert!(!begins_formula(cell), "{cell:?} of {text:?}");
                    }
                }
            }
        }
    }
}

/// RFC 4180, section 2.
#[test]
fn a_field_that_has_to_be_is_quoted_and_so_is_a_whole_row_that_another_dialect_splits() {
    for (reference, all, written) in rows! {
        ("a b", false, "a b"), ("a,b", false, "\"a,b\""),
        ("say \"no\"", false, "\"say \"\"no\"\"\""), ("a;b", true, "\"a;b\""),
        ("a\nb", true, "\"a\nb\""),
    } {
        let x = if all { "\"x\"" } else { "x" };
        let (before, after) = (format!("{x},").repeat(8), format!(",{x}").repeat(3));
        assert_eq!(row(reference), format!("{before}{written}{after}\r\n"));
    }
}
