//! Money under concurrency: whatever the order, the sums are exact. `movement.rs` has a balance
//! that covers half of what is asked of it at once.

use strongroom_tests::Bank;
use strongroom_tests::bank::transfer;
use strongroom_tests::race::{at_once, count};

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
