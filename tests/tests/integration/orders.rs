//! Goal: a standing order pays each date once, also through a crash.
//!
//! It ends with an account of it or by staff, and is paused while its owner is disabled.
//!
//! Method: the real binary; orders that are due today, and kills while they are paid.
//! `storms/standing_orders.rs` ends orders while they are paid. Each rule is tested in
//! `components/transaction`.

use std::time::Duration;

use strongroom_tests::bank::{day, new_key};
use strongroom_tests::{Bank, Person, Value, assert_json, json, refusals, text, wait_for};

/// The bank's tick comes every second; on a loaded machine it takes longer.
const SECONDS_MAX: u64 = 60;

fn path_of(schedule: &Value) -> String {
    format!("/api/transactions/schedules/{}", text(&schedule["id"]))
}

#[tokio::test]
async fn a_standing_order_pays_today_once_even_if_the_host_is_killed() {
    let mut bank = Bank::start().await;
    let pair = bank.pair().await;
    let key = new_key();
    let mut order = pair.order("7.50", &day(0));
    order["reference"] = json!("rent");
    let create = |alice: &Person| {
        let call = alice.post("/api/transactions/schedules");
        call.key(&key).json(&order)
    };
    let schedule = create(&pair.alice).await.expect(201);
    assert_json!(schedule, {"status": "active", "next_due": day(0)});
    bank.host.restart().await;
    let pair = pair.at(&bank);
    let path = path_of(&schedule);
    let run = wait_for("the payment", SECONDS_MAX, async || {
        let schedule = pair.alice.read(&path).await;
        let run = &schedule["last_run"];
        (run["status"] == "posted").then(|| run.clone())
    })
    .await;
    assert_eq!(run["due"], json!(day(0)));
    bank.host.restart().await;
    let pair = pair.at(&bank);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(pair.bob.balance(&pair.to).await, "7.50");
    assert_eq!(pair.bob.entries(&pair.to).await.len(), 1);
    let paid = pair.alice.transaction(&run["transaction_id"]).await;
    assert_json!(paid, {"reference": "rent", "metadata": {"schedule_id": schedule["id"]}});
    // The response to the request stays what it was.
    let again = create(&pair.alice).await;
    assert!(again.replayed());
    assert_eq!(again.expect(201), schedule);
}

#[tokio::test]
async fn a_standing_order_is_shown_to_its_owner_and_ended_by_staff_and_the_audit_log_says_so() {
    const EVENTS: &str = "/api/transactions/schedules/events";
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let (teller, auditor) = (bank.staff("teller").await, bank.staff("auditor").await);
    let order = pair.order("7.50", &day(1));
    let schedule = alice.submit("schedules", &order).await.expect(201);
    let path = path_of(&schedule);
    let list = alice.all("/api/transactions/schedules?limit=1").await;
    assert_eq!(list, std::slice::from_ref(&schedule));
    refusals! {
        alice => POST "/api/transactions/schedules" (pair.order("7.50", &day(-1)))
            => 422 "schedule_in_past" "/start";
        bob => GET "{path}" => 404 "not_found";
        bob => DELETE "{path}" => 404 "not_found";
        auditor => DELETE "{path}" => 403 "forbidden";
        teller => GET "{EVENTS}" => 403 "forbidden";
        alice => GET "{EVENTS}" => 403 "forbidden";
    }
    // Once more is the same, and is not logged.
    for _ in 0..2 {
        teller.delete(&path).await.expect_no_content();
    }
    assert_json!(alice.read(&path).await, {"status": "cancelled", "next_due": null});
    let query = format!("{EVENTS}?limit=9&schedule_id={}", text(&schedule["id"]));
    assert_json!(Value::from(auditor.all(&query).await), [
        {
            "action": "schedule.cancelled", "actor_role": "teller", "old_value": "active",
            "new_value": "cancelled",
        },
        {"action": "schedule.created", "actor_role": "customer"},
    ]);
}

/// Waits until a standing order has this status, as staff see it.
async fn wait_for_status(staff: &Person, schedule: &Value, status: &str) -> Value {
    let path = path_of(schedule);
    wait_for(status, SECONDS_MAX, async || {
        let schedule = staff.read(&path).await;
        (schedule["status"] == status).then_some(schedule)
    })
    .await
}

#[tokio::test]
async fn a_standing_order_is_paused_while_its_owner_is_disabled_and_ends_with_an_account() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let order = pair.order("7.50", &day(1));
    let schedule = pair.alice.submit("schedules", &order).await.expect(201);
    for (disabled, status, next_due) in [
        (true, "paused", Value::Null),
        (false, "active", json!(day(1))),
    ] {
        let change = json!({"disabled": disabled});
        pair.admin.change_user(&pair.alice, &change).await;
        let shown = wait_for_status(&pair.admin, &schedule, status).await;
        assert_eq!(shown["next_due"], next_due, "{status}");
    }
    pair.bob.close(&pair.to).await.expect(200);
    let ended = wait_for_status(&pair.admin, &schedule, "ended").await;
    assert_json!(ended, {"ended_because": "account_closed", "next_due": null});
}
