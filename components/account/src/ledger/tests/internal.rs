//! Internal accounts pay and are paid like others, below zero too; only the bank debits them.

use super::*;

#[test]
fn the_bank_moves_money_into_and_out_of_an_internal_account() {
    let (store, alices, bobs) = bank();
    let fees = kit::open_internal(&store, &CLOCK, "fees", "EUR");
    let [alice, bob, fee] = [&alices, &bobs, &fees].map(|account| Some(account.id));
    for (id, kind, from, to, minor) in rows! {
        (2, Kind::Transfer, fee, bob, 700), (3, Kind::Transfer, alice, fee, 100),
        (4, Kind::Withdrawal, fee, None, 50), (5, Kind::Deposit, None, fee, 20),
        (6, Kind::Hold, fee, bob, 40),
    } {
        let posting = accepted(&store, &by_bank(transfer(id, kind, from, to, minor)));
        assert_eq!(accounts_of(&posting), [from, to]);
        assert_eq!(lookup(&store, posting.id), Some(posting));
    }
    let capture = holds::of_original(7, Kind::Capture, 6, 30);
    accepted(&store, &by_bank(capture));
    accepted(&store, &holds::of_original(8, Kind::Reversal, 2, 700));
    assert_eq!(balance_of(&store, &fees), 100 - 50 + 20 - 30);
    assert_invariants(&store);
}

#[test]
fn a_customer_pays_into_an_internal_account_by_id_and_number_and_never_out_of_it() {
    let (store, alices, _) = bank();
    let fees = kit::open_internal(&store, &CLOCK, "fees", "EUR");
    accepted(&store, &pay(2, &alices, &fees, 1));
    let mut by_number = pay(3, &alices, &fees, 1);
    by_number.instruction.destination = Some(AccountRef::Number(fees.number.clone()));
    accepted(&store, &by_number);
    // No customer has the bank's UUID, whatever another service says.
    for owner in [ALICE, BANK_OWNER] {
        let mut payment = pay(4, &fees, &alices, 1);
        payment.authority = DebitAuthority::Owner(owner);
        refused(&store, &payment, PAYER_NOT_FOUND);
    }
    accepted(&store, &by_bank(pay(4, &fees, &alices, 3)));
    assert_eq!(balance_of(&store, &fees), -1);
}

#[test]
fn a_limit_of_an_internal_account_is_not_below_its_use_and_holds() {
    let (store, alices, _) = bank();
    let fees = kit::open_internal(&store, &CLOCK, "fees", "EUR");
    accepted(&store, &by_bank(pay(2, &fees, &alices, 500)));
    let below_use = kit::set_limit(&store, &CLOCK, fees.id, 499);
    assert_eq!(below_use, Err(account::ManageError::LimitBelowUse));
    kit::set_limit(&store, &CLOCK, fees.id, 500).unwrap();
    declined(
        &store,
        &by_bank(pay(3, &fees, &alices, 1)),
        Decline::InsufficientFunds,
    );
    assert_invariants(&store);
}

/// Without an overdraft limit, the counters still have theirs.
#[test]
fn an_internal_account_without_a_limit_is_debited_up_to_the_limit_of_its_counter() {
    let (store, alices, _) = bank();
    let fees = kit::open_internal(&store, &CLOCK, "fees", "EUR");
    set_counters(&store, &fees, COUNTER_MINOR_MAX - 10, 0);
    accepted(&store, &by_bank(pay(2, &fees, &alices, 10)));
    for more in [holds::hold(3, &fees, &alices, 1), pay(4, &fees, &alices, 1)] {
        declined(&store, &by_bank(more), Decline::LimitExceeded);
    }
    assert_eq!(balance_of(&store, &fees), -COUNTER_MINOR_MAX);
}

#[test]
fn lines_of_a_batch_name_internal_accounts_as_single_transfers_do() {
    let (store, alices, bobs) = bank();
    let fees = kit::open_internal(&store, &CLOCK, "fees", "EUR");
    let lines = [
        batch::line(&alices, &bobs, 500),
        batch::line(&alices, &fees, 5),
        batch::line(&fees, &bobs, 9),
    ];
    let reply = posted_batch(&store, &batch::batch(10, false, lines.clone())).unwrap();
    let not_found = "account_not_found /from_account_id";
    assert_eq!(batch::outcomes(&reply), ["posted", "posted", not_found]);
    let by_bank = batch::batch(11, true, lines[1..].to_vec());
    let by_bank = with(by_bank, |it| it.authority = DebitAuthority::Bank);
    posted_batch(&store, &by_bank).unwrap();
    assert_eq!(balance_of(&store, &fees), 5 + 5 - 9);
    assert_invariants(&store);
}
