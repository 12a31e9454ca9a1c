//! Holds: held money is not available, and each hold ends once: captured, voided, or expired.

use super::*;
use crate::account::{Freeze, ManageError};
use crate::tests::kit::HOLD_SECONDS;
use std::cell::Cell;
use strongroom_ledger_api::Resolution;

pub(super) fn hold(id: u128, from: &Account, to: &Account, amount_minor: i64) -> Transfer {
    transfer(id, Kind::Hold, Some(from.id), Some(to.id), amount_minor)
}

pub(super) fn of_original(id: u128, kind: Kind, original: u128, amount_minor: i64) -> Transfer {
    let mut transfer = transfer(id, kind, None, None, amount_minor);
    transfer.instruction.original = Some(Uuid::from_u128(original));
    transfer
}

fn later(seconds: u32) -> FixedClock {
    FixedClock(CLOCK.0 + i64::from(seconds) * 1_000)
}

/// Posted, available, and held as a debit and as a credit.
fn counters(store: &SqliteStore, account: &Account) -> (i64, i128, i64, i64) {
    let it = balance(store, account);
    let pending = (it.debits_pending, it.credits_pending);
    (it.posted(), it.available(), pending.0, pending.1)
}

/// How the hold with id 2 ended.
fn end(store: &SqliteStore) -> Option<Resolution> {
    lookup(store, Uuid::from_u128(2)).unwrap().resolution
}

/// Alice has 1,000 and holds 600 of it for Bob under id 2.
fn bank_with_a_hold() -> (SqliteStore, Account, Account) {
    let (store, from, to) = bank();
    let held = accepted(&store, &hold(2, &from, &to, 600));
    assert_eq!(held.status, Status::Pending);
    assert_eq!(held.expires_at_ms, Some(later(HOLD_SECONDS).0));
    (store, from, to)
}

#[test]
fn a_hold_lowers_what_is_available_and_moves_nothing() {
    let (store, from, to) = bank_with_a_hold();
    assert_eq!(counters(&store, &from), (1_000, 400, 600, 0));
    assert_eq!(counters(&store, &to), (0, 0, 0, 600));
    for more in [pay(3, &from, &to, 401), hold(4, &from, &to, 401)] {
        declined(&store, &more, Decline::InsufficientFunds);
    }
    accepted(&store, &hold(5, &from, &to, 400));
    assert_invariants(&store);
}

#[test]
fn a_capture_of_a_part_moves_it_and_releases_the_rest_and_one_of_more_is_declined() {
    let (store, from, to) = bank_with_a_hold();
    let more = of_original(9, Kind::Capture, 2, 601);
    declined(&store, &more, Decline::AmountExceedsHold);
    assert_eq!(counters(&store, &from), (1_000, 400, 600, 0));
    let captured = accepted(&store, &of_original(3, Kind::Capture, 2, 250));
    assert_eq!(captured.status, Status::Posted);
    assert_eq!(captured.amount, Some(eur(250)));
    assert_eq!(captured.original, Some(Uuid::from_u128(2)));
    assert_eq!(accounts_of(&captured), [Some(from.id), Some(to.id)]);
    assert_eq!(counters(&store, &from), (750, 750, 0, 0));
    assert_eq!(counters(&store, &to), (250, 250, 0, 0));
    let end_of_hold = Resolution {
        id: captured.id,
        kind: Kind::Capture,
        amount: Some(eur(250)),
        recorded_at_ms: captured.recorded_at_ms,
    };
    assert_eq!(end(&store), Some(end_of_hold));
    assert_invariants(&store);
}

#[test]
fn a_hold_ends_once_and_the_later_decline_says_how() {
    for (kind, status, decline, moved) in rows! {
        (Kind::Capture, Status::Posted, Decline::AlreadyCaptured, 600_i64),
        (Kind::Void, Status::Voided, Decline::AlreadyVoided, 0),
    } {
        let (store, from, to) = bank_with_a_hold();
        let ended = accepted(&store, &of_original(3, kind, 2, 600));
        assert_eq!(ended.status, status);
        for (account, minor) in [(&from, 1_000 - moved), (&to, moved)] {
            assert_eq!(counters(&store, account), (minor, i128::from(minor), 0, 0));
        }
        for (id, late) in [(4, Kind::Capture), (5, Kind::Void)] {
            declined(&store, &of_original(id, late, 2, 600), decline);
        }
        // At its time there is nothing left to sweep.
        assert_eq!(expire_holds(&store, &later(HOLD_SECONDS)).unwrap(), 0);
        assert_invariants(&store);
    }
}

/// A clock that is set back a second after each look.
struct SetBack(Cell<i64>);

impl Clock for SetBack {
    fn now_ms(&self) -> i64 {
        self.0.replace(self.0.get() - 1_000)
    }
}

#[test]
fn no_sweep_ends_a_hold_before_its_time_by_a_clock_that_is_set_back_meanwhile() {
    let (store, ..) = bank_with_a_hold();
    let time = later(HOLD_SECONDS).0;
    let clock = SetBack(Cell::new(time));
    assert_eq!(expire_holds(&store, &clock), Ok(0));
    clock.0.set(time + 1_000);
    assert_eq!(expire_holds(&store, &clock), Ok(1));
    assert_invariants(&store);
}

#[test]
fn a_hold_is_over_at_its_time_whether_or_not_it_was_swept() {
    let (store, from, _) = bank_with_a_hold();
    let time = later(HOLD_SECONDS);
    // Only the ledger lets it expire.
    let asked = post(&store, &time, &of_original(3, Kind::Expiry, 2, 600));
    assert_eq!(asked, Err(LedgerError::invalid("kind")));
    let expired = |id, kind| {
        let late = first_at(&store, &time, &of_original(id, kind, 2, 600));
        assert_eq!(late.decline, Some(Decline::HoldExpired));
    };
    expired(3, Kind::Capture);
    expired(4, Kind::Void);
    assert_eq!(counters(&store, &from), (1_000, 400, 600, 0));
    for (clock, ended) in [(FixedClock(time.0 - 1), 0), (time, 1), (time, 0)] {
        assert_eq!(expire_holds(&store, &clock), Ok(ended));
    }
    assert_eq!(counters(&store, &from), (1_000, 1_000, 0, 0));
    assert_eq!(end(&store).map(|end| end.kind), Some(Kind::Expiry));
    expired(5, Kind::Capture);
    assert_invariants(&store);
}

#[test]
fn only_its_payer_or_the_bank_ends_a_hold() {
    let (store, ..) = bank_with_a_hold();
    for kind in [Kind::Capture, Kind::Void] {
        let by_bob = |it: &mut Transfer| it.authority = DebitAuthority::Owner(BOB);
        for other in rows! {
            with(of_original(3, kind, 2, 600), by_bob),
            of_original(3, kind, 404, 600),
            // A deposit is no hold.
            by_bank(of_original(3, kind, 1, 1_000)),
        } {
            refused(&store, &other, LedgerError::OriginalNotFound);
        }
    }
    accepted(&store, &by_bank(of_original(3, Kind::Void, 2, 600)));
    assert_invariants(&store);
}

#[test]
fn an_account_with_a_hold_is_not_closed_and_a_frozen_one_keeps_no_hold_from_its_end() {
    for (freezes_payer, kind) in rows! {
        (true, Kind::Void), (true, Kind::Expiry), (false, Kind::Void), (false, Kind::Expiry),
    } {
        let (store, from, to) = bank_with_a_hold();
        let closed = account::close(&store, &CLOCK, to.id, &teller());
        assert_eq!(closed, Err(ManageError::BalanceNotZero));
        let (frozen, stops) = match freezes_payer {
            true => (&from, Freeze::Debits),
            false => (&to, Freeze::Credits),
        };
        account::freeze(&store, &CLOCK, frozen.id, stops, &teller()).unwrap();
        let capture = of_original(3, Kind::Capture, 2, 600);
        declined(&store, &capture, Decline::AccountFrozen);
        match kind {
            Kind::Void => _ = accepted(&store, &of_original(4, kind, 2, 600)),
            _ => assert_eq!(expire_holds(&store, &later(HOLD_SECONDS)), Ok(1)),
        }
        assert_eq!(end(&store).map(|end| end.kind), Some(kind));
        assert_eq!(counters(&store, &from), (1_000, 1_000, 0, 0));
        assert_invariants(&store);
    }
}

#[test]
fn a_capture_fits_the_limit_of_the_payee_that_its_hold_has_used() {
    let (store, from, to) = bank();
    let almost_full = COUNTER_MINOR_MAX - 600;
    set_counters(&store, &to, almost_full, almost_full);
    accepted(&store, &hold(2, &from, &to, 600));
    declined(&store, &pay(3, &from, &to, 1), Decline::LimitExceeded);
    accepted(&store, &of_original(4, Kind::Capture, 2, 600));
    assert_eq!(balance(&store, &to).credits_posted, COUNTER_MINOR_MAX);
}

#[test]
fn an_index_finds_the_end_of_a_hold() {
    let (store, _, _) = bank_with_a_hold();
    let end = "SELECT 1 FROM transfer WHERE subject_sequence = 1 AND status <> 'declined'";
    let steps = kit::plan(&store, end, 0);
    assert!(steps[0].contains("transfer_resolves"), "{steps:?}");
}

#[test]
fn holds_begin_and_end_by_the_machines_clock_although_the_journal_is_ahead_of_it() {
    const YEAR_SECONDS: u32 = 31_536_000;
    let (store, from, to) = bank();
    let ahead = later(YEAR_SECONDS);
    first_at(&store, &ahead, &pay(2, &from, &to, 1));
    let time = later(HOLD_SECONDS);
    for id in [3, 4, 5] {
        let held = first(&store, &hold(id, &from, &to, 100));
        assert_eq!(held.recorded_at_ms, ahead.0);
        assert_eq!(held.expires_at_ms, Some(time.0));
    }
    let in_time = FixedClock(time.0 - 1);
    let ends = |clock: &FixedClock, id, kind, hold| {
        first_at(&store, clock, &of_original(id, kind, hold, 100)).decline
    };
    assert_eq!(ends(&in_time, 6, Kind::Capture, 3), None);
    assert_eq!(ends(&in_time, 7, Kind::Void, 4), None);
    assert_eq!(ends(&time, 8, Kind::Capture, 5), Some(Decline::HoldExpired));
    assert_eq!(expire_holds(&store, &time), Ok(1));
    assert_eq!(counters(&store, &from), (899, 899, 0, 0));
    assert_invariants(&store);
}
