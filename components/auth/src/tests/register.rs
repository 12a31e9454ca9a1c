//! Goal: a registration makes exactly one customer, or nothing.

use super::kit::*;
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::Ending;

#[test]
fn a_registration_makes_a_customer() {
    let (bank, user) = Bank::with_ada();
    let made = (user.role, user.security_version, user.disabled);
    assert_eq!(made, (Role::Customer, 1, false));
    assert!(bank.user(user.id).unwrap() == user);
    let prefix = "$argon2id$v=19$m=8,t=1,p=1$";
    assert!(user.password_hash.starts_with(prefix));
    assert_ne!(user.password_hash, bank.register(BOB).password_hash);
}

#[test]
fn a_mailbox_has_one_user() {
    let bank = Bank::new();
    bank.register("joe@b\u{fc}cher.example");
    for taken in ["JOE@bu\u{308}cher.Example", "joe@xn--bcher-kva.example"] {
        let hashes = bank.compute.taken.get();
        let refused = refusal(bank.register_keyed(None, taken, PASSWORD, None));
        assert_eq!(refused, "409 email_taken", "{taken}");
        assert_eq!(bank.compute.taken.get(), hashes, "{taken}");
        assert!(bank.log_in(taken, PASSWORD).is_ok(), "{taken}");
    }
    assert_eq!(bank.store.count("user"), 1);
}

#[test]
fn refusals_name_the_field_and_write_nothing() {
    let bank = Bank::new();
    let (long, long_name) = ("tram lark ".repeat(26), "x".repeat(101));
    for (email, password, name, words) in rows! {
        ("nobody", PASSWORD, None, "validation_failed /email"),
        ("\u{212a}ate@example.org", PASSWORD, None, "validation_failed /email"),
        (EMAIL, "fourteen chars", None, "password_too_short /password"),
        (EMAIL, &long, None, "password_too_long /password"),
        (EMAIL, "passwordpassword", None, "password_blocked /password"),
        (EMAIL, PASSWORD, Some(""), "validation_failed /name"),
        (EMAIL, PASSWORD, Some("\u{202e} \u{200b}"), "validation_failed /name"),
        (EMAIL, PASSWORD, Some("a\nb"), "validation_failed /name"),
        (EMAIL, PASSWORD, Some(long_name.as_str()), "validation_failed /name"),
    } {
        let refused = refusal(bank.register_keyed(None, email, password, name));
        assert_eq!(refused, format!("422 {words}"));
    }
    assert_eq!(bank.store.count("user"), 0);
    assert_eq!(bank.compute.taken.get(), 0, "nothing was hashed");
}

#[test]
fn of_two_registrations_at_once_one_makes_a_user_and_the_other_hears_it_from_the_disk() {
    for key in [None, Some("k")] {
        let bank = Bank::new();
        let other = bank.clone();
        bank.compute.meanwhile.set(move || {
            let first = other.register_keyed(key, EMAIL, PASSWORD, None);
            assert!(!first.unwrap().repeated);
            other.store.take_endings();
        });
        let register = |key| bank.register_keyed(key, EMAIL, PASSWORD, None);
        let second = register(key);
        match key {
            None => assert_eq!(refusal(second), "409 email_taken"),
            Some(_) => assert!(second.unwrap().repeated),
        }
        assert_eq!(bank.store.take_endings(), [Ending::OnDisk]);
        assert_eq!(bank.store.count("user"), 1);
        // The look before the hash does not see a user of the same group; the insert does.
        assert_eq!(refusal(register(None)), "409 email_taken");
        assert_eq!(bank.store.take_endings(), []);
    }
}
