//! How often: each client has a rate of its own.

use super::*;

/// The rate of the service, so low that no bucket fills again while a test runs.
const REQUESTS: u32 = 3;

#[tokio::test]
async fn x1_a_client_that_asks_too_often_sees_when_to_come_back_whatever_address_it_names() {
    let slow = Service::guest("hello").public();
    let slow = slow.limit("rate", format!("{REQUESTS}/m"));
    let registry = Registry::empty().service("slow", slow);
    let registry = registry.host("trusted_proxies", vec!["127.0.0.3/32"]);
    let host = Host::start(&registry, None).await;
    let ask = async |client: &Client, field: &str, value: &str| -> Answer {
        client.get("/api/slow").header(field, value).await
    };
    let (client, proxy) = (host.client_at(attacker(0)), host.client_at(attacker(1)));
    for _request in 0..REQUESTS {
        assert_eq!(ask(&client, "x-colour", "green").await.text(), "hello");
    }
    for (field, value) in [
        ("x-colour", "green"),
        ("x-forwarded-for", "198.51.100.7"),
        ("forwarded", "for=198.51.100.8"),
        ("x-real-ip", "198.51.100.9"),
    ] {
        let refused = ask(&client, field, value).await;
        refused.refused(429, "rate_limited");
        let header = |name| refused.header(name).unwrap_or_default();
        let seconds = header("retry-after").parse::<u64>();
        assert!(seconds.is_ok_and(|seconds| seconds >= 1), "{refused:?}");
        // draft-ietf-httpapi-ratelimit-headers: the policy's name, what is left of it, and when
        // there is more.
        assert_parts(header("ratelimit"), &[";r=0", ";t="]);
        assert_parts(header("ratelimit-policy"), &[";q=3"]);
    }
    // Another client has a rate of its own, also behind a trusted proxy, which says whose it is.
    let other = ask(&host.client(), "x-colour", "green").await;
    assert_eq!(other.text(), "hello");
    let through = async |client: &str| {
        let forwarded = format!("192.0.2.66, {client}");
        ask(&proxy, "x-forwarded-for", &forwarded).await
    };
    for _request in 0..REQUESTS {
        assert_eq!(through("198.51.100.1").await.text(), "hello");
    }
    through("198.51.100.1").await.refused(429, "rate_limited");
    assert_eq!(through("198.51.100.2").await.text(), "hello");
}
