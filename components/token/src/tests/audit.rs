//! Goal: sessions that lived as sessions do are sound, and a changed row is named.

use super::kit::*;

#[test]
fn a_store_is_sound_after_logins_refreshes_and_logouts() {
    let (bank, tokens) = Bank::with_session();
    let mut token = bank.issue().refresh_token;
    for _ in 0..3 {
        token = bank.rotated(&token);
        bank.clock.pass_ms(60_000);
    }
    bank.end_session(tokens.session, ALICE).unwrap();
    let report = bank.check_invariants().unwrap();
    assert_eq!(report.violations().count(), 0);
    assert_eq!(report.checks[0].examined, 2);
}

#[test]
fn a_changed_session_and_a_stray_rotation_are_named() {
    for (change, expected) in rows! {
        ("UPDATE session SET expires_at = created_at", "its times contradict each other"),
        ("UPDATE session SET refresh_counter = 0", "the session has issued no later token"),
        ("DELETE FROM session", "the session has issued no later token"),
    } {
        let (bank, tokens) = Bank::with_session();
        bank.rotated(&tokens.refresh_token);
        bank.store.execute(change);
        assert_found(bank.check_invariants(), expected, change);
        assert_eq!(violations(bank.check_invariants()).len(), 1, "{change}");
    }
}
