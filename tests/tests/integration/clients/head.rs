//! HEAD, which is GET without the body, over both protocols.

use strongroom_tests::bank::day;
use strongroom_tests::tools::{output_of, program, python, run};
use strongroom_tests::{Bank, Person};

/// Paths of the gateway and of components, found and not found, with a token and without.
async fn paths(customer: &Person) -> Vec<String> {
    let (account, today) = (customer.open_account("EUR").await, day(0));
    // The length of the last is not known before it is sent.
    let paths = rows! {
        "/.well-known/jwks.json", "/api/token/jwks", "/", "/api/nowhere", "/api/auth/me",
        "/api/auth/nothing", "/api/accounts", "/api/accounts/01890000-0000-7000-8000-000000000000",
        "/api/transactions/schedules", "/api/transactions/events", "/api/accounts/{account}",
        "/api/accounts/{account}/entries", "/api/accounts/{account}/statement",
        "/api/transactions?account_id={account}",
        "/api/accounts/{account}/statement?format=csv&from={today}&to={today}",
    };
    let of_account = paths.map(|path| path.replace("{account}", &account));
    Vec::from(of_account.map(|path| path.replace("{today}", &today)))
}

#[tokio::test]
async fn curl_gets_the_head_of_a_get_over_both_protocols() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    for path in paths(&customer).await {
        for token in [Some(customer.token()), None] {
            for protocol in ["--http1.1", "--http2-prior-knowledge"] {
                let ask = async |how: &[&str]| -> Option<String> {
                    let mut curl = program("curl")?;
                    let format = "%{exitcode} %{http_code} %{content_type} %header{content-length}";
                    curl.args(["--silent", "--output", "/dev/null", "--write-out", format])
                        .args(["--max-time", "10", protocol])
                        .args(how)
                        .arg(format!("http://{}{path}", bank.address()));
                    if let Some(token) = token {
                        curl.args(["--header", &format!("authorization: Bearer {token}")]);
                    }
                    Some(run(curl).await.1)
                };
                let (Some(get), Some(head)) = (ask(&[]).await, ask(&["--head"]).await) else {
                    return;
                };
                assert_eq!(head, get, "{protocol} {path}");
                assert!(head.starts_with("0 "), "{protocol} {path}: {head}");
            }
        }
    }
}

#[tokio::test]
async fn httpx_mixes_get_and_head_on_one_connection_of_http2() {
    let Some(mut client) = python("clients/head.py") else {
        return;
    };
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let mut paths = paths(&customer).await;
    // Of the events a user may read 20 times a second.
    paths.retain(|path| !path.ends_with("/events"));
    client
        .arg(format!("http://{}", bank.address()))
        .arg(customer.token())
        .args(paths);
    output_of(client).await;
}
