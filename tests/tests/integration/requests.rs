//! Goal: an operator sees what a recent request did, and no secret of it.
//! Method: payments, refusals, and failures at a running bank, and what the admin API and the
//! command say of their ids.

use strongroom_tests::bank::{PASSWORD, UNKNOWN_ID};
use strongroom_tests::{Answer, Bank, Value, assert_json, assert_parts, json, list, text};

/// What the admin API says of the request of a response.
async fn request_of(bank: &Bank, answer: &Answer) -> Value {
    let id = answer.header("x-request-id").expect("each answer has one");
    let found = bank.host.admin().get(&format!("/requests/{id}")).await;
    let found = found.json(200);
    let [request] = list(&found["requests"]) else {
        panic!("{found}")
    };
    request.clone()
}

#[tokio::test]
async fn a_payment_shows_its_link_calls_and_its_stores_as_the_command_prints_them() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let paid = pair.alice.submit("transfer", &pair.body("1.00")).await;
    paid.expect(201);
    let request = request_of(bank, &paid).await;
    assert_json!(request, {
        "service": "transactions", "generation": 1, "method": "POST",
        "path": "/api/transactions/transfer", "status": 201, "code": null, "cause": null,
        "subject": pair.alice.id, "role": "customer", "client": null, "link_calls_left_out": 0,
    });
    assert!(request["busy_microseconds"].as_u64() > Some(0), "{request}");
    let mut calls = list(&request["link_calls"]).iter();
    let post = calls.find(|call| text(&call["function"]).ends_with("#post"));
    assert_json!(post.expect("the ledger is asked"), {"service": "accounts", "outcome": "done"});
    let mut stores = list(&request["stores"]).iter();
    let ledger = stores.find(|store| store["service"] == "accounts");
    let ledger = ledger.expect("the ledger writes");
    assert_json!(ledger, {"commits": {"count": 1}, "write_waits": {"count": 1}});
    assert!(request["microseconds"].as_u64() >= ledger["commits"]["microseconds"].as_u64());

    let id = paid.header("x-request-id").expect("each answer has one");
    let told = rows! { "/api/transactions/transfer  201", "#post: done in", "1 commits in" };
    for (id, code, said) in [(id, 0, &told[..]), (UNKNOWN_ID, 1, &[])] {
        let command = ["requests", id, "--admin", bank.admin_address()];
        let printed = bank.run(&command).await;
        assert_eq!(printed.code, Some(code), "{}", printed.text());
        assert_parts(&printed.stdout, said);
    }
}

#[tokio::test]
async fn refusals_and_failures_have_their_code_and_cause() {
    let bank = Bank::shared().await;
    let refused = bank.client().get("/api/accounts").await;
    let request = request_of(bank, &refused).await;
    assert_json!(request, {"status": 401, "code": "token_missing", "subject": null});
    let trapped = bank.client().get("/api/hostile/trap").await;
    let request = request_of(bank, &trapped).await;
    assert_json!(request, {"status": 502, "service": "hostile"});
    assert_parts(text(&request["cause"]), &["wasm backtrace"]);
    let unknown = format!("/requests/{UNKNOWN_ID}");
    assert_eq!(bank.host.admin().get(&unknown).await.status, 404);
}

#[tokio::test]
async fn nothing_that_is_kept_has_a_token_a_key_a_password_or_a_query() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let login = json!({"email": customer.email, "password": PASSWORD});
    let call = bank.client().post("/api/auth/login?canary=query");
    let login = call.json(&login).await;
    let listed = customer.get("/api/accounts?limit=canary-of-a-query").await;
    for answer in [&login, &listed] {
        let request = request_of(bank, answer).await.to_string();
        for secret in [PASSWORD, "canary", customer.token()] {
            assert!(!request.contains(secret), "{secret} in {request}");
        }
    }
}
