//! Holds: what is held is not available, and each hold ends once: captured, voided, or expired.

use super::*;
use crate::balance::Balance;
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

fn balance(store: &SqliteStore, account: &Account) -> Balance {
    account::by_id(store, account.id).unwrap().unwrap().balance
}

/// Alice has 1,000 and holds 600 of it for Bob under id 2.
fn bank_with_a_hold() -> (SqliteStore, Account, Account) {
    let (store, from, to) = bank();
    let held = first(&store, &CLOCK, &hold(2, &from, &to, 600));
    assert_eq!((held.status, held.decline), (Status::Pending, None));
    assert_eq!(held.expires_at_ms, Some(later(HOLD_SECONDS).0));
    (store, from, to)
}

fn decline_of(store: &SqliteStore, clock: &FixedClock, transfer: &Transfer) -> Option<Decline> {
    post(store, clock, transfer).unwrap().posting.decline
}

#[test]
fn a_hold_lowers_what_is_available_and_moves_nothing() {
    let (store, from, to) = bank_with_a_hold();
    let (alice, bob) = (balance(&store, &from), balance(&store, &to));
    assert_eq!(
        (alice.posted(), alice.available(), alice.debits_pending),
        (1_000, 400, 600)
    );
    assert_eq!(
        (bob.posted(), bob.available(), bob.credits_pending),
        (0, 0, 600)
    );
    let payment = pay(3, &from, &to, 401);
    assert_eq!(
        decline_of(&store, &CLOCK, &payment),
        Some(Decline::InsufficientFunds)
    );
    assert_eq!(
        decline_of(&store, &CLOCK, &hold(4, &from, &to, 401)),
        Some(Decline::InsufficientFunds)
    );
    assert_eq!(decline_of(&store, &CLOCK, &hold(5, &from, &to, 400)), None);
    assert_invariants(&store);
}

#[test]
fn a_capture_of_a_part_moves_it_and_releases_the_rest() {
    let (store, from, to) = bank_with_a_hold();
    let captured = first(&store, &CLOCK, &of_original(3, Kind::Capture, 2, 250));
    assert_eq!(
        (captured.status, captured.amount),
        (Status::Posted, eur(250))
    );
    assert_eq!(captured.original, Some(Uuid::from_u128(2)));
    assert_eq!(captured.source.map(|party| party.account_id), Some(from.id));
    let (alice, bob) = (balance(&store, &from), balance(&store, &to));
    assert_eq!(
        (alice.posted(), alice.available(), alice.debits_pending),
        (750, 750, 0)
    );
    assert_eq!(
        (bob.posted(), bob.available(), bob.credits_pending),
        (250, 250, 0)
    );
    let hold = lookup(&store, Uuid::from_u128(2)).unwrap();
    assert_eq!(
        hold.resolution,
        Some(Resolution {
            id: captured.id,
            kind: Kind::Capture,
            amount: eur(250)
        })
    );
    assert_invariants(&store);
}

#[test]
fn a_void_releases_everything() {
    let (store, from, to) = bank_with_a_hold();
    let voided = first(&store, &CLOCK, &of_original(3, Kind::Void, 2, 600));
    assert_eq!(voided.status, Status::Voided);
    assert_eq!(balance(&store, &from).available(), 1_000);
    assert_eq!(balance(&store, &to).credits_pending, 0);
    assert_invariants(&store);
}

#[test]
fn a_hold_ends_once_and_says_how_to_those_who_come_later() {
    for (kind, amount, decline) in [
        (Kind::Capture, 600, Decline::AlreadyCaptured),
        (Kind::Void, 600, Decline::AlreadyVoided),
    ] {
        let (store, ..) = bank_with_a_hold();
        assert_eq!(
            decline_of(&store, &CLOCK, &of_original(3, kind, 2, amount)),
            None
        );
        for (id, late) in [(4, Kind::Capture), (5, Kind::Void)] {
            assert_eq!(
                decline_of(&store, &CLOCK, &of_original(id, late, 2, 600)),
                Some(decline)
            );
        }
        // Its time is up later, and there is nothing to sweep.
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
    for (id, kind) in [(3, Kind::Capture), (4, Kind::Void)] {
        let late = of_original(id, kind, 2, 600);
        assert_eq!(decline_of(&store, &time, &late), Some(Decline::HoldExpired));
    }
    assert_eq!(balance(&store, &from).available(), 400);
    assert_eq!(expire_holds(&store, &FixedClock(time.0 - 1)).unwrap(), 0);
    assert_eq!(expire_holds(&store, &time).unwrap(), 1);
    assert_eq!(expire_holds(&store, &time).unwrap(), 0);
    assert_eq!(balance(&store, &from).available(), 1_000);
    let hold = lookup(&store, Uuid::from_u128(2)).unwrap();
    assert_eq!(hold.resolution.map(|end| end.kind), Some(Kind::Expiry));
    let late = of_original(5, Kind::Capture, 2, 600);
    assert_eq!(decline_of(&store, &time, &late), Some(Decline::HoldExpired));
    assert_invariants(&store);
}

#[test]
fn a_capture_of_more_than_is_held_moves_nothing() {
    let (store, from, _) = bank_with_a_hold();
    let more = of_original(3, Kind::Capture, 2, 601);
    assert_eq!(
        decline_of(&store, &CLOCK, &more),
        Some(Decline::AmountExceedsHold)
    );
    assert_eq!(balance(&store, &from).debits_pending, 600);
    // It is declined for ever, and the hold goes on.
    assert_eq!(
        decline_of(&store, &CLOCK, &more),
        Some(Decline::AmountExceedsHold)
    );
    assert_eq!(
        decline_of(&store, &CLOCK, &of_original(4, Kind::Capture, 2, 600)),
        None
    );
    assert_invariants(&store);
}

#[test]
fn only_its_payer_or_the_bank_ends_a_hold() {
    let (store, ..) = bank_with_a_hold();
    for kind in [Kind::Capture, Kind::Void] {
        let mut stranger = of_original(3, kind, 2, 600);
        stranger.authority = DebitAuthority::Owner(BOB);
        assert_eq!(
            post(&store, &CLOCK, &stranger),
            Err(LedgerError::OriginalNotFound)
        );
        let unknown = of_original(3, kind, 404, 600);
        assert_eq!(
            post(&store, &CLOCK, &unknown),
            Err(LedgerError::OriginalNotFound)
        );
        // A deposit is no hold.
        let mut other = of_original(3, kind, 1, 1_000);
        other.authority = DebitAuthority::Bank;
        assert_eq!(
            post(&store, &CLOCK, &other),
            Err(LedgerError::OriginalNotFound)
        );
    }
    let mut staff = of_original(3, Kind::Void, 2, 600);
    staff.authority = DebitAuthority::Bank;
    assert_eq!(decline_of(&store, &CLOCK, &staff), None);
    assert_invariants(&store);
}

#[test]
fn an_account_with_a_hold_is_not_closed_and_a_frozen_one_voids() {
    let (store, from, to) = bank_with_a_hold();
    assert_eq!(
        account::close(&store, &CLOCK, to.id, &teller()),
        Err(account::ManageError::BalanceNotZero)
    );
    account::freeze(&store, &CLOCK, from.id, account::Freeze::Debits, &teller()).unwrap();
    let capture = of_original(3, Kind::Capture, 2, 600);
    assert_eq!(
        decline_of(&store, &CLOCK, &capture),
        Some(Decline::AccountFrozen)
    );
    assert_eq!(
        decline_of(&store, &CLOCK, &of_original(4, Kind::Void, 2, 600)),
        None
    );
    assert_invariants(&store);
}

#[test]
fn time_alone_lets_a_hold_expire() {
    let (store, ..) = bank_with_a_hold();
    let asked = post(
        &store,
        &later(HOLD_SECONDS),
        &of_original(3, Kind::Expiry, 2, 600),
    );
    assert_eq!(asked, Err(LedgerError::invalid("kind")));
    assert_eq!(expire_holds(&store, &later(HOLD_SECONDS)), Ok(1));
    let expiry = journal(&store, 2, 1).unwrap().remove(0);
    assert_eq!(
        (expiry.kind, expiry.status, expiry.actor),
        (Kind::Expiry, Status::Expired, Actor::BANK)
    );
    assert_invariants(&store);
}

#[test]
fn history_shows_a_hold_to_both_sides_with_its_end() {
    let (store, from, to) = bank_with_a_hold();
    first(&store, &CLOCK, &of_original(3, Kind::Void, 2, 600));
    for account in [&from, &to] {
        let hold = history(&store, account.id, 0, 10).unwrap().remove(0);
        assert_eq!(
            (hold.kind, hold.resolution.map(|end| end.kind)),
            (Kind::Hold, Some(Kind::Void))
        );
    }
    // Queries of a hold find it by an index each.
    let plan = store.query("EXPLAIN QUERY PLAN SELECT 1 FROM transfer WHERE subject_sequence = 1 AND status <> 'declined'", &[]);
    let words = plan.unwrap().first().unwrap().text(3).unwrap();
    assert!(words.contains("transfer_resolves"), "{words}");
}

#[test]
fn a_freeze_of_one_direction_leaves_the_other() {
    let (store, from, to) = bank();
    for (id, frozen, freeze, decline) in [
        (
            10,
            &from,
            account::Freeze::Debits,
            Some(Decline::AccountFrozen),
        ),
        (11, &from, account::Freeze::Credits, None),
        (
            12,
            &from,
            account::Freeze::Both,
            Some(Decline::AccountFrozen),
        ),
        (13, &to, account::Freeze::Debits, None),
        (
            14,
            &to,
            account::Freeze::Credits,
            Some(Decline::AccountFrozen),
        ),
        (15, &to, account::Freeze::Both, Some(Decline::AccountFrozen)),
    ] {
        account::freeze(&store, &CLOCK, frozen.id, freeze, &teller()).unwrap();
        assert_eq!(
            decline_of(&store, &CLOCK, &pay(id, &from, &to, 1)),
            decline,
            "{id}"
        );
        assert_invariants(&store);
        account::unfreeze(&store, &CLOCK, frozen.id, &teller()).unwrap();
    }
}

#[test]
fn holds_begin_and_end_by_the_machines_clock_although_the_journal_is_ahead_of_it() {
    const YEAR_SECONDS: u32 = 31_536_000;
    let (store, from, to) = bank();
    let ahead = later(YEAR_SECONDS);
    first(&store, &ahead, &pay(2, &from, &to, 1));
    let posted = |id| {
        let held = first(&store, &CLOCK, &hold(id, &from, &to, 100));
        assert_eq!(held.recorded_at_ms, ahead.0);
        held.expires_at_ms
    };
    for id in [3, 4, 5] {
        assert_eq!(posted(id), Some(later(HOLD_SECONDS).0));
    }
    let in_time = FixedClock(later(HOLD_SECONDS).0 - 1);
    for (id, kind, original) in [(6, Kind::Capture, 3), (7, Kind::Void, 4)] {
        let ending = of_original(id, kind, original, 100);
        assert_eq!(decline_of(&store, &in_time, &ending), None);
    }
    let time = later(HOLD_SECONDS);
    let late = of_original(8, Kind::Capture, 5, 100);
    assert_eq!(decline_of(&store, &time, &late), Some(Decline::HoldExpired));
    assert_eq!(expire_holds(&store, &time), Ok(1));
    assert_eq!(balance(&store, &from).available(), 899);
    assert_invariants(&store);
}
