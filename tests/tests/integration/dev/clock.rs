//! The clock of such a bank.

use super::DevBank;
use strongroom_tests::bank::{day, transfer};
use strongroom_tests::{Bank, Client, Value, assert_json, assert_parts, json, text, wait_until};

/// Ticks come each second, and later on a loaded machine.
const TICK_SECONDS_MAX: u64 = 20;
const ANN: &str = "ann@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn orders_holds_tokens_and_statements_follow_the_clock() {
    let bank = DevBank::start().await;
    let ann = bank.log_in(ANN).await;
    let [from, to] = [ANN, "bob@example.com"].map(|email| bank.told(email, "account"));
    let mut hold = transfer(from, to, "40.00", "EUR");
    hold["expires_in"] = json!(3_600);
    let hold = ann.submit("holds", &hold).await.expect(201);
    let mut order = transfer(from, to, "7.00", "EUR");
    order["start"] = json!(day(1));
    order["interval"] = json!("monthly");
    ann.submit("schedules", &order).await.expect(201);
    let statement = format!("/api/accounts/{from}/statement?from={0}&to={0}", day(1));
    ann.get(&statement).await.refused(422, "period_in_future");

    let call = bank.admin().post("/dev/clock");
    let moved = call.json(&json!({"advance": "2d"})).await.json(200);
    assert_eq!(&text(&moved["now"])[..10], day(2), "{moved}");

    ann.get("/api/auth/me").await.bad_token();
    let ann = bank.log_in(ANN).await;
    let is_paid = async || ann.balance(from).await == "993.00";
    wait_until("the standing order to be paid", TICK_SECONDS_MAX, is_paid).await;
    let is_expired = async || ann.transaction(&hold["id"]).await["status"] == "expired";
    wait_until("the hold to expire", TICK_SECONDS_MAX, is_expired).await;
    let statement = ann.read(&statement).await;
    assert_json!(statement, {"closing_balance": "1000.00"});
    // The host does not take this for a clock that has jumped.
    assert_eq!(bank.admin().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_clock_moves_ahead_by_a_duration_with_its_unit_and_for_the_operator_alone() {
    let bank = DevBank::small(None).await;
    let admin = bank.admin();
    let (day, stranger) = (json!({"advance": "1d"}), admin.without_token());
    let advance = |client: &Client, body: &Value| client.post("/dev/clock").json(body);
    let refused = advance(&admin, &json!({})).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_parts(&refused.text(), &[r#"{"advance":"1d"}"#]);
    assert_eq!(advance(&stranger, &day).await.status, 401);
    assert_eq!(admin.get("/dev/clock").await.status, 405);
    advance(&admin, &day).await.json(200);
    // A bank that keeps its data has no clock to move.
    let kept = Bank::shared().await.host.admin();
    assert_eq!(advance(&kept, &day).await.status, 404);
}
