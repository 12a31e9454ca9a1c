//! Goal: a new password ends every other session, whatever fails; a guess changes nothing.

use super::kit::*;
use crate::AuthError;
use crate::user::User;
use strongroom_sdk::identity::Role;

const THIRD_PASSWORD: &str = "a third password for ada";

/// The sessions that a new password ends.
fn ended(user: &User) -> Call {
    Call::EndUserSessions(user.id, 2, identity(user).session)
}

#[test]
fn a_new_password_that_keeps_the_rules_ends_all_other_sessions() {
    let (bank, user) = Bank::with_ada();
    let refused = refusal(bank.change_password(&user, PASSWORD, EMAIL));
    assert_eq!(refused, "422 password_blocked /new_password");
    assert_eq!(bank.issuer.calls(), []);
    let changed = bank.change_password(&user, PASSWORD, OTHER_PASSWORD);
    assert_eq!(changed, Ok(()));
    assert_eq!(bank.issuer.calls(), [ended(&user)]);
    assert_eq!(bank.store.count("ended_sessions_outbox"), 0);
    assert!(bank.log_in(EMAIL, PASSWORD).is_err());
    bank.log_in(EMAIL, OTHER_PASSWORD).unwrap();
    let issued = Call::Issue(user.id, Role::Customer, 2);
    assert_eq!(bank.issuer.calls().last(), Some(&issued));
}

#[test]
fn a_user_who_was_shut_out_meanwhile_keeps_no_session_by_a_new_password() {
    let (bank, user) = Bank::with_ada();
    for change in r#"{"role":"teller"} {"role":"customer","disabled":true}"#.split(' ') {
        bank.change(&user, change).unwrap();
        let changed = bank.change_password(&user, PASSWORD, OTHER_PASSWORD);
        assert_eq!(changed, Err(AuthError::Conflict), "{change}");
    }
}

#[test]
fn a_retry_is_a_success_when_the_older_sessions_have_ended() {
    for ended_by in ["the retry", "a tick"] {
        let (bank, user) = Bank::with_ada();
        let change = || bank.change_password(&user, PASSWORD, OTHER_PASSWORD);
        bank.issuer.broken.set(true);
        for _ in 0..2 {
            assert_eq!(change(), Err(AuthError::NotInForce));
        }
        assert!(bank.deliver_pending().is_err());
        let kept = bank.kept_hash(user.id);
        bank.issuer.broken.set(false);
        if ended_by == "a tick" {
            assert_eq!(bank.deliver_pending(), Ok(1));
        }
        for _ in 0..2 {
            change().unwrap();
            assert_eq!(bank.deliver_pending(), Ok(0));
        }
        assert_eq!(bank.issuer.calls(), [ended(&user)], "{ended_by}");
        assert_eq!(bank.kept_hash(user.id), kept);
        assert_eq!(bank.failures_by("session"), 0);
    }
}

#[test]
fn a_wrong_current_password_changes_nothing_and_is_throttled() {
    let (bank, user) = Bank::with_ada();
    for _ in 0..4 {
        let refused = refusal(bank.change_password(&user, OTHER_PASSWORD, THIRD_PASSWORD));
        assert_eq!(refused, "403 invalid_credentials");
    }
    let change = || bank.change_password(&user, PASSWORD, OTHER_PASSWORD);
    assert!(wait_ms(change()).is_some());
    assert_eq!((bank.failures_by("session"), bank.failures()), (4, 0));
    bank.log_in(EMAIL, PASSWORD).unwrap();
    bank.clock.pass_ms(3_000);
    // Nor do a stranger's guesses keep a user from a new password.
    for _ in 0..10 {
        let _ = bank.log_in(EMAIL, OTHER_PASSWORD);
    }
    assert!(wait_ms(bank.log_in(EMAIL, PASSWORD)).is_some());
    change().unwrap();
}

#[test]
fn without_a_core_nothing_is_changed_or_counted() {
    let (bank, user) = Bank::with_ada();
    let _ = bank.change_password(&user, OTHER_PASSWORD, THIRD_PASSWORD);
    bank.store.take_endings();
    bank.compute.busy.set(true);
    let refused = bank.change_password(&user, PASSWORD, OTHER_PASSWORD);
    assert_eq!(refused, Err(AuthError::Overloaded));
    assert_eq!(bank.store.take_endings(), []);
    assert_eq!(bank.failures_by("session"), 1);
}
