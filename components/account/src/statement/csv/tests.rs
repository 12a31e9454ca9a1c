use super::*;

#[test]
fn only_what_a_spreadsheet_could_take_for_a_formula_is_guarded() {
    for (text, guard) in [
        ("=1+1", true),
        ("+49 30", true),
        ("-5", true),
        ("@SUM(A1)", true),
        ("\t=1", true),
        ("\u{ff1d}1", true),
        ("'quoted'", true),
        ("", false),
        ("rent", false),
        ("a=b", false),
        (" =1", false),
        ("5-3", false),
    ] {
        let expected = if guard {
            format!("'{text}")
        } else {
            text.to_owned()
        };
        assert_eq!(guarded(text), expected);
    }
}
