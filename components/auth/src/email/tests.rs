use super::*;
use proptest::prelude::*;

#[test]
fn addresses_are_told_from_other_texts() {
    for text in [
        "a@b.org",
        "Ada.Okafor+bank@Example.ORG",
        "admin@strongroom.local",
        "zoë@exämple.org",
    ] {
        assert!(Email::parse(text).is_some(), "{text}");
    }
    let long = format!("{}@{}.org", "a".repeat(60), "b.".repeat(110));
    for text in [
        "",
        "nobody",
        "@example.org",
        "a@",
        "a@b@c.org",
        "a b@example.org",
        " a@b.org",
        "a@b.org ",
        "a@b",
        "a@[127.0.0.1]",
        "\"a b\"@c.org",
        "Ada <a@b.org>",
        "a..b@c.org",
        ".a@b.org",
        "a@b..org",
        "a@-b.org",
        "a\n@b.org",
        "a\0@b.org",
        &long,
    ] {
        assert!(Email::parse(text).is_none(), "{text:?}");
    }
}

#[test]
fn an_address_has_no_case() {
    let (one, other) = (
        Email::parse("Ada@Example.org").unwrap(),
        Email::parse("aDA@example.ORG").unwrap(),
    );
    assert_eq!(one.key(), other.key());
    assert_eq!(one.given(), "Ada@Example.org");
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*@?.*") {
        let _ = Email::parse(&text);
    }
}
