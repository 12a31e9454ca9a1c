//! Goal: a user does not see that objects of others exist, nor move their money; roles come from
//! the bank.
//!
//! Method: a stranger tries each call on a victim's ids, and on an id that does not exist: the
//! answers are the same. Which role may do what, the services' own tests say; here, once by each
//! call.

use std::collections::BTreeSet;

use strongroom_tests::bank::{PASSWORD, UNKNOWN_ID, cash, new_email, new_key, transfer};
use strongroom_tests::{Answer, Bank, json, refusals, text};

/// Asserts that the answer for a victim's id is 404, and the same as for one that does not exist.
async fn assert_hidden(id: &str, call: impl AsyncFn(&str) -> Answer) {
    let (hidden, absent) = (call(id).await, call(UNKNOWN_ID).await);
    hidden.problem(404);
    let one = hidden.problem_without(&[id]);
    let other = absent.problem_without(&[UNKNOWN_ID]);
    assert_eq!(one, other, "the answers differ");
    let names = |answer: &Answer| -> BTreeSet<String> {
        let names = answer.headers.keys();
        names.map(ToString::to_string).collect()
    };
    assert_eq!(names(&hidden), names(&absent), "the headers differ");
}

#[tokio::test]
async fn to_a_stranger_nothing_of_a_victim_exists_and_nothing_moves() {
    let bank = Bank::shared().await;
    let (pair, stranger) = (bank.pair().await, bank.customer().await);
    let own = stranger.open_account("EUR").await;
    let key = new_key();
    let sent = pair.alice.transfer(&key, &pair.from, &pair.to, "1.00");
    let sent = sent.await.expect(201);
    let list = format!("/api/transactions?account_id={}", pair.from);
    let before = pair.alice.all(&list).await;
    for (path, id) in rows! {
        ("/api/accounts/{}", &*pair.from), ("/api/accounts/{}/balance", &pair.from),
        ("/api/accounts/{}/entries", &pair.from), ("/api/accounts/user/{}", &pair.alice.id),
        ("/api/transactions/{}", text(&sent["id"])),
        ("/api/transactions?account_id={}", &pair.from),
    } {
        let read = async |id: &str| stranger.get(&path.replace("{}", id)).await;
        assert_hidden(id, read).await;
    }
    assert_hidden(&pair.from, async |id| stranger.close(id).await).await;
    for call in ["transfer", "send", "withdraw"] {
        let steal = async |id: &str| {
            let body = match call {
                "withdraw" => cash(id, "1.00", "EUR"),
                _ => transfer(id, &own, "1.00", "EUR"),
            };
            stranger.submit(call, &body).await
        };
        assert_hidden(&pair.from, steal).await;
    }
    // Nor does the key of another say anything.
    let copied = stranger.transfer(&key, &pair.from, &pair.to, "1.00").await;
    copied.problem(404);
    assert!(!copied.replayed());
    assert_eq!(stranger.balance(&own).await, "0.00");
    assert_eq!(pair.alice.balance(&pair.from).await, "99.00");
    assert_eq!(pair.alice.account(&pair.from).await["status"], "open");
    let after = pair.alice.all(&list).await;
    assert_eq!(after, before, "a theft leaves no trace");
}

#[tokio::test]
async fn calls_of_staff_are_403_for_all_others() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let customer = &pair.alice;
    let (teller, auditor) = (bank.staff("teller").await, bank.staff("auditor").await);
    let (from, user, token) = (&pair.from, customer.path(), customer.token());
    let new = json!({"email": new_email(), "password": PASSWORD, "role": "admin"});
    for below_admin in [customer, &teller, &auditor] {
        let own = below_admin.path();
        refusals! {
            below_admin => PATCH "{own}" {"role": "admin"} => 403 "forbidden";
            below_admin => POST "/api/auth/users" (new) => 403 "forbidden";
            below_admin => PATCH "{user}" {"role": "admin"} => 403 "forbidden";
            below_admin => POST "/api/auth/keys" {"name": "a", "scopes": ["accounts:read"]}
                => 403 "forbidden";
            below_admin => DELETE "/api/auth/keys/{UNKNOWN_ID}" => 403 "forbidden";
        }
    }
    for below_auditor in [customer, &teller] {
        refusals! {
            below_auditor => GET "/api/auth/events" => 403 "forbidden";
            below_auditor => GET "/api/auth/keys" => 403 "forbidden";
            below_auditor => GET "/api/auth/keys/{UNKNOWN_ID}" => 403 "forbidden";
            below_auditor => GET "/api/accounts/journal" => 403 "forbidden";
            below_auditor => GET "/api/accounts/events" => 403 "forbidden";
            below_auditor => POST "/api/token/introspect" {"token": token} => 403 "forbidden";
        }
    }
    let deposit = cash(from, "1.00", "EUR");
    refusals! {
        customer => GET "/api/auth/users" => 403 "forbidden";
        customer => GET "{user}" => 403 "forbidden";
        customer => GET "/api/accounts/{from}/events" => 403 "forbidden";
        customer => POST "/api/accounts/{from}/freeze" => 403 "forbidden";
        customer => POST "/api/accounts/{from}/unfreeze" => 403 "forbidden";
        customer => PATCH "/api/accounts/{from}" {"overdraft_limit": "1.00"} => 403 "forbidden";
        customer => POST "/api/transactions/deposit" (deposit) => 403 "forbidden";
    }
    assert_eq!(customer.balance(from).await, "100.00");
    assert_eq!(customer.read("/api/auth/me").await["role"], "customer");
}

/// A body that is wrong says so only to those who may make the call.
#[tokio::test]
async fn an_auditor_who_writes_is_403_before_the_body_is_read() {
    let bank = Bank::shared().await;
    let (pair, auditor) = (bank.pair().await, bank.staff("auditor").await);
    let account = format!("/api/accounts/{}", pair.from);
    refusals! {
        auditor => POST "/api/accounts" {"rain": 1} => 403 "forbidden";
        auditor => PATCH "{account}" {"rain": 1} => 403 "forbidden";
        auditor => POST "{account}/close" {"rain": 1} => 403 "forbidden";
    }
    for call in "withdraw transfer send postings holds batch schedules".split(' ') {
        refusals! {
            auditor => POST "/api/transactions/{call}" {"rain": 1} => 403 "forbidden";
        }
    }
    for call in ["capture", "void"] {
        refusals! {
            auditor => POST "/api/transactions/holds/{UNKNOWN_ID}/{call}" {"rain": 1}
                => 403 "forbidden";
        }
    }
}
