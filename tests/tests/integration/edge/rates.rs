//! How often: each client has a rate of its own.

use super::*;

/// The rate of the service, so low that no bucket fills again while a test runs.
const REQUESTS: u32 = 3;

fn registry() -> Registry {
    let slow = Service::guest("hello")
        .public()
        .limit("rate", format!("{REQUESTS}/m"));
    Registry::empty().service("slow", slow)
}

async fn ask(client: &Client, fields: &[(&str, &str)]) -> Answer {
    let mut call = client.get("/api/slow");
    for (name, value) in fields {
        call = call.header(name, value);
    }
    call.await
}

#[tokio::test]
async fn x1_a_client_that_asks_too_often_sees_when_to_come_back_whatever_address_it_names() {
    let host = Host::start(&registry(), None).await;
    let client = host.client_at(attacker(0));
    for _request in 0..REQUESTS {
        assert_eq!(ask(&client, &[]).await.text(), "hello");
    }
    let refused = ask(&client, &[]).await;
    refused.refused(429, "rate_limited");
    let seconds = refused.header("retry-after").expect("a time");
    assert!(seconds.parse::<u64>().expect("a number") >= 1);
    // draft-ietf-httpapi-ratelimit-headers: the policy's name, what is left of it, and when there
    // is more.
    let limit = refused.header("ratelimit").unwrap_or_default();
    assert!(limit.contains(";r=0") && limit.contains(";t="), "{limit}");
    let policy = refused.header("ratelimit-policy").unwrap_or_default();
    assert!(policy.contains(&format!(";q={REQUESTS}")), "{policy}");
    for (field, value) in [
        ("x-forwarded-for", "198.51.100.7"),
        ("forwarded", "for=198.51.100.8"),
        ("x-real-ip", "198.51.100.9"),
    ] {
        let answer = ask(&client, &[(field, value)]).await;
        answer.refused(429, "rate_limited");
    }
    // Another client has a rate of its own.
    assert_eq!(ask(&host.client(), &[]).await.text(), "hello");
}

#[tokio::test]
async fn x1_a_trusted_proxy_says_whose_request_it_is() {
    let registry = registry().host("trusted_proxies", vec!["127.0.0.2/32"]);
    let host = Host::start(&registry, None).await;
    let proxy = host.client_at(attacker(0));
    let through = async |client: &str| {
        let forwarded = format!("192.0.2.66, {client}");
        ask(&proxy, &[("x-forwarded-for", &forwarded)]).await
    };
    for _request in 0..REQUESTS {
        assert_eq!(through("198.51.100.1").await.text(), "hello");
    }
    through("198.51.100.1").await.refused(429, "rate_limited");
    assert_eq!(through("198.51.100.2").await.text(), "hello");
}
