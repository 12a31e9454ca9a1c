//! Goal: the right password begins a session; anything else is the same refusal at the same price.

use super::kit::*;
use crate::AuthError;
use strongroom_sdk::identity::Role;

#[test]
fn the_right_password_begins_a_session() {
    let (bank, user) = Bank::with_ada();
    let logged_in = bank.log_in("ADA@example.org", PASSWORD).unwrap();
    assert!(logged_in.user == user);
    assert_eq!(logged_in.tokens.expires_in, 300);
    let issued = Call::Issue(user.id, Role::Customer, 1);
    assert_eq!(bank.issuer.calls(), [issued]);
    assert_eq!(bank.failures(), 0);
}

#[test]
fn wrong_unknown_and_disabled_are_one_refusal_at_one_price() {
    let (bank, _) = Bank::with_ada();
    bank.register(BOB);
    bank.store
        .execute("UPDATE user SET disabled = 1 WHERE email LIKE 'bob@%'");
    for (email, password) in [
        (EMAIL, OTHER_PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("no address at all", PASSWORD),
        (BOB, PASSWORD),
    ] {
        let hashes = bank.compute.taken.get();
        let refused = bank.log_in(email, password).err();
        assert_eq!(refused, Some(AuthError::InvalidCredentials), "{email}");
        assert_eq!(bank.compute.taken.get(), hashes + 1, "{email}");
    }
    assert_eq!(bank.failures(), 4, "each is counted");
    assert_eq!(bank.issuer.calls(), []);
}

#[test]
fn new_parameters_rewrite_the_hash_at_a_right_login_only() {
    let (mut bank, user) = Bank::with_ada();
    let old = bank.kept_hash(user.id);
    bank.0.settings.argon2 = small(2);
    assert!(bank.log_in(EMAIL, OTHER_PASSWORD).is_err());
    assert_eq!(bank.kept_hash(user.id), old);
    bank.log_in(EMAIL, PASSWORD).unwrap();
    let new = bank.kept_hash(user.id);
    assert!(new.starts_with("$argon2id$v=19$m=8,t=2,p=1$"), "{new}");
    let version = bank.user(user.id).unwrap().security_version;
    assert_eq!(version, 1, "no session ends");
    bank.log_in(EMAIL, PASSWORD).unwrap();
    assert_eq!(bank.kept_hash(user.id), new);
}

#[test]
fn a_login_is_under_what_the_user_became_during_it() {
    let (bank, user) = Bank::with_ada();
    let promotion = "UPDATE user SET role = 'teller', security_version = 2";
    bank.meanwhile(&user, promotion);
    let logged_in = bank.log_in(EMAIL, PASSWORD).unwrap();
    assert_eq!(logged_in.user.role, Role::Teller);
    let issued = Call::Issue(user.id, Role::Teller, 2);
    assert_eq!(bank.issuer.calls().last(), Some(&issued));
    let (bank, user) = Bank::with_ada();
    bank.meanwhile(&user, "UPDATE user SET disabled = 1, security_version = 2");
    let refused = bank.log_in(EMAIL, PASSWORD).err();
    assert_eq!(refused, Some(AuthError::InvalidCredentials));
}

#[test]
fn logout_ends_the_caller_s_session() {
    let (bank, user) = Bank::with_ada();
    let session = identity(&user).session.unwrap();
    let log_out = || bank.log_out(session, user.id);
    log_out().unwrap();
    assert_eq!(bank.issuer.calls(), [Call::EndSession(session, user.id)]);
    bank.issuer.broken.set(true);
    assert!(matches!(log_out(), Err(AuthError::Issuer(_))));
}
