//! Batches: each line as if it were posted alone, in one commit; an atomic one as a whole or not at all.

use super::*;
use proptest::prelude::*;

fn pay(id: u128, from: &account::Account, to: &account::Account, amount_minor: i64) -> Transfer {
    transfer(id, Kind::Transfer, Some(from.id), Some(to.id), amount_minor)
}

fn declines(outcomes: &[Result<Posting, LedgerError>]) -> Vec<Option<Decline>> {
    outcomes
        .iter()
        .map(|outcome| outcome.as_ref().unwrap().decline)
        .collect()
}

fn bank() -> (SqliteStore, account::Account, account::Account) {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    (store, from, to)
}

#[test]
fn each_line_sees_the_balances_that_those_before_it_have_left() {
    let (store, from, to) = bank();
    let mut back = pay(12, &to, &from, 600);
    back.authority = DebitAuthority::Owner(BOB);
    let mut by_number = pay(14, &from, &to, 5);
    by_number.destination = Some(AccountRef::Number(to.number.clone()));
    let batch = [
        pay(10, &from, &to, 700),
        pay(11, &from, &to, 301),
        back,
        pay(13, &from, &to, 900),
        by_number,
    ];
    let outcomes = post_batch(&store, &CLOCK, &batch, false).unwrap();
    let short = Some(Decline::InsufficientFunds);
    assert_eq!(declines(&outcomes), [None, short, None, None, short]);
    assert_eq!(
        (balance_of(&store, &from), balance_of(&store, &to)),
        (0, 1_000)
    );
    assert_invariants(&store);
    // Again, whole or alone: the same answers, and no second row.
    assert_eq!(post_batch(&store, &CLOCK, &batch, false).unwrap(), outcomes);
    assert_eq!(
        post(&store, &CLOCK, &batch[0]).unwrap(),
        *outcomes[0].as_ref().unwrap()
    );
    assert_eq!(journal(&store, 0, 100).unwrap().len(), 6);
}

#[test]
fn a_refused_line_leaves_the_others_unless_the_batch_is_atomic() {
    let (store, from, to) = bank();
    let mut nowhere = pay(11, &from, &to, 1);
    nowhere.destination = Some(AccountRef::Id(Uuid::from_u128(404)));
    let batch = [pay(10, &from, &to, 700), nowhere];
    let refused = LedgerError::AccountNotFound(Side::Destination);
    assert_eq!(
        post_batch(&store, &CLOCK, &batch, true).unwrap(),
        [Err(LedgerError::BatchRefused), Err(refused.clone())]
    );
    assert_eq!(journal(&store, 0, 100).unwrap().len(), 1);
    let outcomes = post_batch(&store, &CLOCK, &batch, false).unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().status, Status::Posted);
    assert_eq!(outcomes[1], Err(refused));
    assert_invariants(&store);
}

#[test]
fn a_batch_with_an_id_of_another_request_moves_nothing() {
    let (store, from, to) = bank();
    post(&store, &CLOCK, &pay(11, &from, &to, 1)).unwrap();
    let mut other = pay(11, &from, &to, 2);
    other.fingerprint = [8; 32];
    let batch = [pay(10, &from, &to, 1), other, pay(12, &from, &to, 1)];
    for atomic in [false, true] {
        assert_eq!(
            post_batch(&store, &CLOCK, &batch, atomic),
            Err(LedgerError::IdReused)
        );
    }
    assert_eq!(
        fence_batch(&store, &CLOCK, &batch),
        Err(LedgerError::IdReused)
    );
    assert_eq!(journal(&store, 0, 100).unwrap().len(), 2);
    assert_eq!(balance_of(&store, &to), 1);
}

#[test]
fn an_atomic_batch_with_one_decline_moves_nothing_for_ever() {
    let (store, from, to) = bank();
    let batch = [pay(10, &from, &to, 700), pay(11, &from, &to, 700)];
    let outcomes = post_batch(&store, &CLOCK, &batch, true).unwrap();
    assert_eq!(
        declines(&outcomes),
        [
            Some(Decline::BatchDeclined),
            Some(Decline::InsufficientFunds)
        ]
    );
    assert_eq!(balance_of(&store, &from), 1_000);
    deposit(&store, 2, &from, 1_000);
    assert_eq!(post_batch(&store, &CLOCK, &batch, true).unwrap(), outcomes);
    assert_invariants(&store);
}

#[test]
fn a_given_up_line_keeps_the_rest_of_an_atomic_batch_from_moving() {
    let (store, from, to) = bank();
    let batch = [pay(10, &from, &to, 1), pay(11, &from, &to, 1)];
    fence(&store, &CLOCK, &batch[0]).unwrap();
    let outcomes = post_batch(&store, &CLOCK, &batch, true).unwrap();
    assert_eq!(
        declines(&outcomes),
        [Some(Decline::Cancelled), Some(Decline::BatchDeclined)]
    );
    let rest = [pay(12, &from, &to, 1), pay(13, &from, &to, 1)];
    let given_up = fence_batch(&store, &CLOCK, &rest).unwrap();
    let declined: Vec<_> = given_up.iter().map(|one| one.decline).collect();
    assert_eq!(declined, [Some(Decline::Cancelled); 2]);
    assert_eq!(
        declines(&post_batch(&store, &CLOCK, &rest, false).unwrap()),
        [Some(Decline::Cancelled); 2]
    );
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn a_batch_has_1_to_1_000_different_transfers() {
    let (store, from, to) = bank();
    let of = |count: u128| {
        (0..count)
            .map(|id| pay(100 + id, &from, &to, 1))
            .collect::<Vec<_>>()
    };
    let refusal = |batch: &[Transfer]| post_batch(&store, &CLOCK, batch, false).unwrap_err();
    assert_eq!(refusal(&[]), LedgerError::Invalid("transfers"));
    assert_eq!(refusal(&of(1_001)), LedgerError::Invalid("transfers"));
    assert_eq!(
        refusal(&[pay(9, &from, &to, 1), pay(9, &from, &to, 1)]),
        LedgerError::Invalid("id")
    );
    let hold = super::holds::hold(9, &from, &to, 1);
    assert_eq!(refusal(&[hold]), LedgerError::Invalid("kind"));
    assert_eq!(
        declines(&post_batch(&store, &CLOCK, &of(1_000), true).unwrap()),
        [None; 1_000]
    );
    assert_invariants(&store);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// The same lines one by one, on another bank of the same accounts, are decided the same.
    #[test]
    fn a_batch_decides_as_single_posts_do(
        lines in prop::collection::vec((0..4_usize, 0..5_usize, 1..900_i64), 1..80),
        known in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let bank = || {
            let store = store();
            let accounts: Vec<_> = (0..4).map(|_| open(&store, ALICE, "EUR")).collect();
            for (id, account) in accounts.iter().enumerate() {
                deposit(&store, 1 + id as u128, account, 1_000);
            }
            (store, accounts)
        };
        let ((one, accounts), (other, others)) = (bank(), bank());
        let batch_of = |accounts: &[account::Account]| -> Vec<Transfer> {
            let numbered = lines.iter().enumerate();
            numbered.map(|(index, (from, to, amount))| {
                let destination = accounts.get(*to).map_or(Uuid::from_u128(404), |account| account.id);
                transfer(100 + index as u128, Kind::Transfer, Some(accounts[*from].id), Some(destination), *amount)
            }).collect()
        };
        let (batch, singles) = (batch_of(&accounts), batch_of(&others));
        for index in known {
            let index = index.index(batch.len());
            let _ = (post(&one, &CLOCK, &batch[index]), post(&other, &CLOCK, &singles[index]));
        }
        let together = post_batch(&one, &CLOCK, &batch, false).unwrap();
        let apart: Vec<_> = singles.iter().map(|single| post(&other, &CLOCK, single)).collect();
        let essence = |outcome: &Result<Posting, LedgerError>| outcome.as_ref().map(|posting| {
            (posting.sequence, posting.status, posting.decline)
        }).map_err(Clone::clone);
        prop_assert_eq!(
            together.iter().map(essence).collect::<Vec<_>>(),
            apart.iter().map(essence).collect::<Vec<_>>()
        );
        for (account, twin) in accounts.iter().zip(&others) {
            prop_assert_eq!(balance_of(&one, account), balance_of(&other, twin));
        }
        assert_invariants(&one);
    }
}
