//! Goal: only an address that can receive mail is accepted, and a mailbox has one key.

use super::*;
use proptest::prelude::*;
use strongroom_sdk::rows;

#[test]
fn addresses_are_distinguished_from_other_texts() {
    let addresses =
        "a@b.org Ada.Okafor+bank@Example.ORG admin@strongroom.local zo\u{eb}@ex\u{e4}mple.org";
    for text in addresses.split(' ') {
        assert!(Email::parse(text).is_ok(), "{text}");
    }
    let long = format!("{}@{}.org", "a".repeat(60), "b.".repeat(110));
    let others = "|nobody|@example.org|a@|a@b@c.org|a b@example.org|a@b|a@[127.0.0.1]|\"a b\"@c.org\
        |Ada <a@b.org>|a..b@c.org|.a@b.org|a@b..org|a@-b.org|a\n@b.org|a\0@b.org|a@b.org.|a@b_c.org\
        |a@xn--zzzzzzzzzzzzzz.org|a@\u{200b}.org|a\u{ff20}b.org|a@b\u{ff20}c.org";
    for text in others.split('|').chain([long.as_str()]) {
        assert_eq!(Email::parse(text), Err(EmailError::Malformed), "{text:?}");
    }
}

#[test]
fn a_mailbox_has_one_key_in_all_forms_of_its_address() {
    let (bucher, book) = ("joe@xn--bcher-kva.example", "joe@book.example");
    let zoe = "zo\u{eb}@b.org";
    for (text, key) in rows! {
        ("joe@b\u{fc}cher.example", bucher), ("joe@bu\u{308}cher.example", bucher),
        ("joe@B\u{dc}CHER.example", bucher), ("joe@XN--BCHER-KVA.example", bucher),
        ("joe@\u{ff42}\u{ff4f}\u{ff4f}\u{ff4b}.example", book), ("joe@boo\u{212a}.example", book),
        ("joe@bo\u{ad}ok\u{3002}example", book),
        ("joe@stra\u{df}e.example", "joe@xn--strae-oqa.example"), (zoe, zoe),
        ("zoe\u{308}@b.org", zoe), ("ZO\u{cb}@b.org", zoe),
        ("\u{418}\u{412}\u{410}\u{41d}@b.org", "\u{438}\u{432}\u{430}\u{43d}@b.org"),
        ("\u{ff8a}@b.org", "\u{30cf}@b.org"), ("aDA@Example.ORG", "ada@example.org"),
        (" a@b.org", "a@b.org"), ("\u{a0}a@b.org\t\n", "a@b.org"),
    } {
        let email = Email::parse(text).expect(text);
        assert_eq!((email.key(), email.given()), (key, text.trim()));
        assert_eq!(super::key(text), key, "{text}");
    }
    let email = Email::parse("xn--bcher-kva@XN--BCHER-KVA.Example").unwrap();
    assert_eq!(email.readable_key(), "xn--bcher-kva@b\u{fc}cher.example");
}

#[test]
fn what_only_looks_like_another_local_part_is_refused() {
    let look_alikes = "\u{212a}ate \u{17f}am \u{ff41}da \u{fb01}n ada\u{b2} ada\u{ff0b}bank \
        \u{430}da ad\u{3b1} ad\u{251} jo\u{261} b\u{1d0f}b b\u{2c9f}b b\u{a4f3}b ann\u{1c0} \
        ada\u{200b} a\u{ad}da ada\u{202e} ada\u{fe0f} o\u{2019}hara ada\u{2011}b";
    let invisible = "\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\u{180e}\u{200c}\u{200d}\
        \u{2060}\u{2066}\u{3164}\u{feff}\u{ffa0}\u{1d173}\u{e0001}\u{e0100}";
    let invisible = invisible.chars().map(|character| format!("ad{character}a"));
    for local in look_alikes.split(' ').map(str::to_owned).chain(invisible) {
        let text = format!("{local}@b.org");
        assert_eq!(Email::parse(&text), Err(EmailError::LookAlike), "{text:?}");
        // Nor does it log in as the other.
        assert!(Email::parse(&super::key(&text)).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_key_is_the_key_of_itself(text in "\\PC{1,8}@\\PC{1,8}\\.org") {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(super::key(email.key()), email.key());
            prop_assert_eq!(super::key(&email.readable_key()), email.key());
        }
    }

    #[test]
    fn no_text_panics(text in ".*@?.*") {
        let _ = Email::parse(&text);
    }
}
