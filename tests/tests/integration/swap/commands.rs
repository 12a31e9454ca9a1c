//! What an operator tells a service by way of the admin listener. Method: the guest `clockwork`,
//! which says what it was told.

use super::*;
use strongroom_tests::Answer;
use strongroom_tests::command::CommandOutput;

async fn command(host: &Host, path: &str, body: &Value) -> Answer {
    let path = format!("/services/{path}");
    host.admin().post(&path).json(body).await
}

async fn reset_password(host: &Host, flags: &[&str]) -> CommandOutput {
    let command = ["admin", "reset-password", "ann@example.com", "--admin"];
    let arguments = [&command[..], &[host.admin_address()], flags].concat();
    host.run(&arguments).await
}

#[tokio::test]
async fn a_service_carries_out_a_command_and_its_output_is_not_logged() {
    let clockwork = Service::guest("clockwork").limit("cpu", "500ms");
    let registry = Registry::empty()
        .service("clockwork", clockwork.limit("timeout", "2s"))
        .service("hello", Service::guest("hello"));
    let host = Host::start(&registry, None).await;
    // Of the command line, and by itself.
    let outcome = reset_password(&host, &["--service", "clockwork"]).await;
    outcome.assert_success();
    assert_eq!(outcome.stdout, "reset-password ann@example.com\n");
    let arguments = json!({"arguments": ["ann@example.com", "of the vault"]});
    let answer = command(&host, "clockwork/commands/reset-password", &arguments).await;
    let expected = json!({"output": "reset-password ann@example.com of the vault"});
    assert_eq!(answer.json(200), expected);
    let log = host.log_until_now().await;
    let mut lines = log.lines();
    let told = lines.find(|line| line.contains("an operator's command"));
    let told = told.expect("the log names the command");
    assert_parts(told, &["reset-password", "clockwork"]);
    for secret in ["ann@example.com", "vault"] {
        assert!(!log.contains(secret), "{log}");
    }

    // One that has no output says why.
    let none = json!({"arguments": []});
    let refused = json!({"arguments": ["way"]});
    let number = json!({"arguments": [7]});
    let more = json!({"arguments": [], "more": 1});
    for (path, body, status, words) in [
        ("nobody/commands/x", &none, 404, "no such service"),
        ("hello/commands/x", &none, 404, "takes no commands"),
        ("clockwork/commands/refuse", &refused, 422, "no way"),
        ("clockwork/commands/panic", &none, 502, "unreachable"),
        ("clockwork/commands/loop", &none, 504, " than "),
        ("clockwork/commands/x", &json!({}), 400, "arguments"),
        ("clockwork/commands/x", &number, 400, "arguments"),
        ("clockwork/commands/x", &more, 400, "more"),
        ("clockwork/commands/x/y", &none, 404, "/commands/"),
    ] {
        let answer = command(&host, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.text().contains(words), "{path}: {}", answer.text());
    }
    // There is no auth.
    let outcome = reset_password(&host, &[]).await;
    outcome.assert_failure(1, &["no such service"]);
    let outcome = reset_password(&host, &["--service", "clockwork", "--data", "elsewhere"]).await;
    outcome.assert_failure(1, &["admin.token"]);
    let long = json!({"arguments": ["x".repeat(64 << 10)]});
    let answer = command(&host, "clockwork/commands/x", &long).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
}
