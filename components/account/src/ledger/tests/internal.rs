//! Goal: internal accounts pay and are paid like others, below zero too, and only the bank debits
//! them.

use super::*;

#[test]
fn the_bank_moves_money_into_and_out_of_an_internal_account() {
    let (store, alices, bobs) = bank();
    let fees = kit::open_internal(&store, &CLOCK, "fees", "EUR");
    let (cash, hold) = (Some(fees.id), Kind::Hold);
    for (movement, [from, to]) in rows! {
        (pay(2, &fees, &bobs, 700), [Some(fees.id), Some(bobs.id)]),
        (pay(3, &alices, &fees, 100), [Some(alices.id), Some(fees.id)]),
        (transfer(4, Kind::Withdrawal, cash, None, 50), [cash, None]),
        (transfer(5, Kind::Deposit, None, cash, 20), [None, cash]),
        (transfer(6, hold, cash, Some(bobs.id), 40), [cash, Some(bobs.id)]),
    } {
        let posting = accepted(&store, &by_bank(movement));
        assert_eq!(accounts_of(&posting), [from, to]);
        assert_eq!(lookup(&store, posting.id), Some(posting));
    }
    let capture = by_bank(holds::of_original(7, Kind::Capture, 6, 30));
    accepted(&store, &capture);
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
    let not_found = LedgerError::AccountNotFound(Side::Source);
    // No customer has the bank's UUID, whatever another service says.
    for owner in [ALICE, BANK_OWNER] {
        let mut payment = pay(4, &fees, &alices, 1);
        payment.authority = DebitAuthority::Owner(owner);
        refused(&store, &payment, not_found.clone());
    }
    accepted(&store, &by_bank(pay(4, &fees, &alices, 3)));
    assert_eq!(balance_of(&store, &fees), -1);
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
    let by_owner = batch::batch(10, false, lines.clone());
    let reply = posted_batch(&store, &by_owner).unwrap();
    let not_found = "account_not_found /from_account_id";
    assert_eq!(batch::outcomes(&reply), ["posted", "posted", not_found]);
    let mut by_bank = batch::batch(11, true, lines[1..].to_vec());
    by_bank.authority = DebitAuthority::Bank;
    posted_batch(&store, &by_bank).unwrap();
    assert_eq!(balance_of(&store, &fees), 5 + 5 - 9);
    assert_invariants(&store);
}
