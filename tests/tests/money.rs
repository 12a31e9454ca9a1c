//! Money under concurrency: whatever the order, the sums are exact.

use strongroom_tests::bank::{new_key, text, transfer};
use strongroom_tests::race::{at_once, count};
use strongroom_tests::{Bank, Person, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_of_100_pays_exactly_100_of_200_transfers_at_once() {
    let bank = Bank::shared().await;
    let (alice, bob) = (bank.customer().await, bank.customer().await);
    let (from, to) = (
        alice.open_account("EUR").await,
        bob.open_account("EUR").await,
    );
    bank.admin().await.deposit(&from, "100.00", "EUR").await;

    let body = transfer(&from, &to, "1.00", "EUR");
    let calls = (0..200).map(|_| {
        alice
            .post("/api/transactions/transfer")
            .key(&new_key())
            .json(&body)
    });
    let answers = at_once(calls).await;

    assert_eq!((count(&answers, 201), count(&answers, 422)), (100, 100));
    for declined in answers.iter().filter(|answer| answer.status == 422) {
        declined.refused(422, "insufficient_funds");
    }
    assert_eq!(
        (
            alice.balance(&from).await.as_str(),
            bob.balance(&to).await.as_str()
        ),
        ("0.00", "100.00")
    );
    let (debits, credits) = (alice.entries(&from).await, bob.entries(&to).await);
    assert_eq!(
        (debits.len(), credits.len()),
        (101, 100),
        "one entry for each that was paid, and the deposit"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overdraft_limit_holds_under_concurrency() {
    let bank = Bank::shared().await;
    let alice = bank.customer().await;
    let (from, to) = (
        alice.open_account("JPY").await,
        alice.open_account("JPY").await,
    );
    let limit = json!({"overdraft_limit": "30"});
    bank.staff("teller")
        .await
        .patch(&format!("/api/accounts/{from}"))
        .json(&limit)
        .await
        .expect(200);

    let body = transfer(&from, &to, "1", "JPY");
    let answers = at_once((0..60).map(|_| {
        alice
            .post("/api/transactions/send")
            .key(&new_key())
            .json(&body)
    }))
    .await;

    assert_eq!((count(&answers, 201), count(&answers, 422)), (30, 30));
    assert_eq!(
        (
            alice.balance(&from).await.as_str(),
            alice.balance(&to).await.as_str()
        ),
        ("-30", "30")
    );
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
        alice
            .post("/api/transactions/transfer")
            .key(&new_key())
            .json(&transfer(from, to, "0.37", "EUR"))
    });
    let answers = at_once(calls).await;
    assert_eq!(
        count(&answers, 201) + count(&answers, 422),
        200,
        "each is answered for good"
    );
    let mut cents = 0;
    for account in &circle {
        let balance = alice.balance(account).await;
        assert!(!balance.starts_with('-'), "{balance}");
        cents += balance
            .replace('.', "")
            .parse::<i64>()
            .expect("a plain decimal");
    }
    assert_eq!(cents, 5_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_100_times_at_once_posts_once() {
    let bank = Bank::shared().await;
    let (alice, bob) = (bank.customer().await, bank.customer().await);
    let (from, to) = (
        alice.open_account("EUR").await,
        bob.open_account("EUR").await,
    );
    bank.admin().await.deposit(&from, "100.00", "EUR").await;

    let (key, body) = (new_key(), transfer(&from, &to, "1.00", "EUR"));
    let answers = at_once((0..100).map(|_| {
        alice
            .post("/api/transactions/transfer")
            .key(&key)
            .json(&body)
    }))
    .await;

    assert_eq!(
        count(&answers, 201),
        100,
        "{:?}",
        answers
            .iter()
            .map(|answer| answer.status)
            .collect::<Vec<_>>()
    );
    assert!(
        answers.iter().all(|answer| answer.body == answers[0].body),
        "the same to the byte"
    );
    assert_eq!(
        answers.iter().filter(|answer| answer.replayed()).count(),
        99
    );
    assert_eq!(
        (
            alice.balance(&from).await.as_str(),
            bob.balance(&to).await.as_str()
        ),
        ("99.00", "1.00")
    );
    assert_eq!(bob.entries(&to).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_with_two_bodies_at_once_posts_one_of_them() {
    let bank = Bank::shared().await;
    let (alice, bob) = (bank.customer().await, bank.customer().await);
    let (from, to) = (
        alice.open_account("EUR").await,
        bob.open_account("EUR").await,
    );
    bank.admin().await.deposit(&from, "100.00", "EUR").await;

    let key = new_key();
    let bodies = [
        transfer(&from, &to, "1.00", "EUR"),
        transfer(&from, &to, "2.00", "EUR"),
    ];
    let calls = (0..50_usize).map(|turn| {
        alice
            .post("/api/transactions/transfer")
            .key(&key)
            .json(&bodies[turn % 2])
    });
    let answers = at_once(calls).await;

    assert_eq!((count(&answers, 201), count(&answers, 422)), (25, 25));
    for refused in answers.iter().filter(|answer| answer.status == 422) {
        refused.refused(422, "idempotency_key_reused");
    }
    assert_eq!(bob.entries(&to).await.len(), 1);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_422_and_moves_nothing() {
    let bank = Bank::shared().await;
    let alice = bank.customer().await;
    let (from, to) = (
        alice.open_account("EUR").await,
        alice.open_account("EUR").await,
    );
    bank.admin().await.deposit(&from, "100.00", "EUR").await;
    let key = new_key();
    let first = alice.transfer(&key, &from, &to, "1.00").await.expect(201);

    let with = |field: &str, value: &str| {
        let mut body = transfer(&from, &to, "1.00", "EUR");
        body[field] = json!(value);
        body
    };
    let others = [
        with("amount", "2.00"),
        with("currency", "USD"),
        with("reference", "rent"),
        transfer(&to, &from, "1.00", "EUR"),
    ];
    for other in others {
        let answer = alice
            .post("/api/transactions/transfer")
            .key(&key)
            .json(&other)
            .await;
        answer.refused(422, "idempotency_key_reused");
    }
    assert_eq!(
        alice.transfer(&key, &from, &to, "1.00").await.expect(201)["id"],
        first["id"]
    );
    assert_eq!(alice.balance(&from).await, "99.00");
}

#[tokio::test]
async fn a_decline_stays_a_decline_after_money_arrives() {
    let bank = Bank::shared().await;
    let alice = bank.customer().await;
    let (from, to) = (
        alice.open_account("EUR").await,
        alice.open_account("EUR").await,
    );
    let key = new_key();
    let declined = alice.transfer(&key, &from, &to, "5.00").await;
    let id = text(&declined.refused(422, "insufficient_funds")["transaction_id"]).to_owned();
    bank.admin().await.deposit(&from, "100.00", "EUR").await;

    let again = alice.transfer(&key, &from, &to, "5.00").await;

    assert_eq!(
        again.refused(422, "insufficient_funds")["transaction_id"],
        id
    );
    assert!(again.replayed());
    assert_eq!(
        alice
            .get(&format!("/api/transactions/{id}"))
            .await
            .expect(200)["status"],
        "declined"
    );
    assert_eq!(alice.balance(&from).await, "100.00");
    alice
        .transfer(&new_key(), &from, &to, "5.00")
        .await
        .expect(201);
}

#[tokio::test]
async fn a_key_outlives_kill_9() {
    let mut bank = Bank::start().await;
    let alice = bank.customer().await;
    let (from, to) = (
        alice.open_account("EUR").await,
        alice.open_account("EUR").await,
    );
    bank.admin().await.deposit(&from, "10.00", "EUR").await;
    let (paid_key, declined_key) = (new_key(), new_key());
    let paid = alice.transfer(&paid_key, &from, &to, "4.00").await;
    let declined = alice.transfer(&declined_key, &from, &to, "40.00").await;
    bank.host.kill();
    bank.host.launch();
    bank.wait_until_ready().await;

    let alice: Person = alice.at(&bank);
    let paid_again = alice.transfer(&paid_key, &from, &to, "4.00").await;
    assert_eq!((paid_again.status, &paid_again.body), (201, &paid.body));
    assert!(paid_again.replayed());
    let declined_again = alice.transfer(&declined_key, &from, &to, "40.00").await;
    assert_eq!(
        declined_again.refused(422, "insufficient_funds")["transaction_id"],
        declined.refused(422, "insufficient_funds")["transaction_id"]
    );
    assert_eq!(alice.balance(&from).await, "6.00");
}
