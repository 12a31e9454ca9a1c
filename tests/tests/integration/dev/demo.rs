//! What such a bank begins with.

use super::{DevBank, prepared};
use strongroom_tests::{assert_json, text};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_printed_has_the_token_password_key_and_money_that_are_printed() {
    let bank = DevBank::start().await;
    for (email, role) in [
        ("admin@strongroom.local", "admin"),
        ("tess@example.com", "teller"),
        ("ann@example.com", "customer"),
        ("bob@example.com", "customer"),
    ] {
        let me = bank.client(email).read("/api/auth/me").await;
        assert_json!(me, {"email": email, "role": role});
        let person = bank.log_in(email).await;
        assert_eq!(person.id, text(&me["id"]));
    }
    let key = bank.told("program", "API key");
    let program = bank.host.client().with_token(key);
    for (email, balance) in [
        ("ann@example.com", "1000.00"),
        ("bob@example.com", "250.00"),
    ] {
        let account = bank.told(email, "account");
        bank.assert_printed(&[&format!("{account} with {balance} EUR")]);
        let path = format!("/api/accounts/{account}/balance");
        for client in [&bank.client(email), &program] {
            let seen = client.read(&path).await;
            assert_json!(seen, {"balance": balance, "currency": "EUR"});
        }
    }
}

#[tokio::test]
async fn without_a_script_there_is_no_demo_and_the_host_says_so() {
    let bank = DevBank::small(None).await;
    assert_eq!(bank.host.client().get("/api/hello").await.text(), "hello");
    bank.assert_printed(&["There are no demo users: there is no ", "demo.toml"]);
}

#[tokio::test]
async fn a_script_that_a_service_refuses_is_named_with_its_call_and_the_host_serves() {
    let script = r#"
        show = "all is well"
        requests = [{ call = "GET /api/hello" }, { call = "POST /api/nobody" }]
    "#;
    let bank = DevBank::small(Some(script)).await;
    assert_eq!(bank.host.client().get("/api/hello").await.text(), "hello");
    assert!(!bank.printed.contains("all is well"), "{}", bank.printed);
    bank.assert_printed(&["POST /api/nobody: the response is 404 Not Found"]);
}

#[tokio::test]
async fn a_script_with_a_mistake_is_refused_with_its_line() {
    let host = prepared(Some("show = \"\"\n[[requests]]\ncall = \"log in\"\n"));
    let refused = host.run(&["serve", "--dev"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let lines = refused.lines_with(&["demo.toml", "line 3"]);
    assert!(!lines.is_empty(), "{refused:?}");
}
