//! Money under concurrency: whatever the order, the sums are exact. `movement.rs` has holds among
//! the transfers.

use strongroom_tests::Bank;
use strongroom_tests::bank::transfer;
use strongroom_tests::race::{at_once, count, count_code};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_of_100_pays_exactly_100_of_200_transfers_at_once() {
    let pair = Bank::shared().await.pair().await;
    let body = pair.body("1.00");
    let answers = at_once((0..200).map(|_| pair.alice.submit("transfer", &body))).await;
    assert_eq!(count(&answers, 201), 100);
    assert_eq!(count_code(&answers, "insufficient_funds"), 100);
    assert_eq!(pair.alice.balance(&pair.from).await, "0.00");
    assert_eq!(pair.bob.balance(&pair.to).await, "100.00");
    // One entry for each that was paid, and the deposit.
    assert_eq!(pair.alice.entries(&pair.from).await.len(), 101);
    assert_eq!(pair.bob.entries(&pair.to).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overdraft_limit_holds_under_concurrency() {
    let bank = Bank::shared().await;
    let alice = bank.customer().await;
    let from = alice.open_account("JPY").await;
    let to = alice.open_account("JPY").await;
    bank.staff("teller").await.set_overdraft(&from, "30").await;
    let body = transfer(&from, &to, "1", "JPY");
    let answers = at_once((0..60).map(|_| alice.submit("send", &body))).await;

    assert_eq!((count(&answers, 201), count(&answers, 422)), (30, 30));
    assert_eq!(alice.balance(&from).await, "-30");
    assert_eq!(alice.balance(&to).await, "30");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_sent_in_a_circle_at_once_is_all_still_there() {
    let bank = Bank::shared().await;
    let (alice, admin) = (bank.customer().await, bank.admin().await);
    let mut circle = Vec::new();
    for _account in 0..5 {
        let account = alice.open_account("EUR").await;
        admin.deposit(&account, "10.00", "EUR").await;
        circle.push(account);
    }
    let calls = (0..200_usize).map(|turn| {
        let (from, to) = (&circle[turn % 5], &circle[(turn + 1) % 5]);
        alice.submit("transfer", &transfer(from, to, "0.37", "EUR"))
    });
    let answers = at_once(calls).await;
    let decided = count(&answers, 201) + count(&answers, 422);
    assert_eq!(decided, 200, "each is answered for good");
    let mut cents = 0;
    for account in &circle {
        let balance = alice.balance(account).await.replace('.', "");
        cents += balance.parse::<u32>().expect("a balance that is positive");
    }
    assert_eq!(cents, 5_000);
}
