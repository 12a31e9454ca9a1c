//! Who a request is from, and where: the host says it to a component, never a client.

use super::*;

/// Some names in which a client could claim to be another, or to come from elsewhere. The tests of
/// `host/src/gateway` have them all.
const CLAIMS: &str = "x-user-id x-role x-real-ip forwarded x-strongroom-subject \
    x-strongroom-client-address";
const LIE: &str = "a-lie-about-somebody";

async fn seen(client: &Client, service: &str, fields: &[(&str, &str)]) -> String {
    let mut call = client.get(&format!("/api/{service}/seen-headers"));
    for (name, value) in fields {
        call = call.header(name, value);
    }
    let answer = call.await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[tokio::test]
async fn z4_no_claim_of_a_client_reaches_a_component() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let mut fields: Vec<_> = CLAIMS.split(' ').map(|name| (name, LIE)).collect();
    // What is no claim passes.
    fields.push(("x-colour", "green"));
    for (client, service) in [(&bank.client(), "hostile"), (&*customer, "guarded")] {
        let headers = seen(client, service, &fields).await;
        assert!(!headers.contains(LIE), "{service}: {headers}");
        assert_parts(&headers, &["x-colour: green"]);
    }
    let headers = seen(&customer, "guarded", &[("x-strongroom-role", "admin")]).await;
    let subject = format!("x-strongroom-subject: {}", customer.id);
    assert_parts(&headers, &[&subject, "x-strongroom-role: customer"]);
    // Nor do trailers tell a component anything.
    let request = format!(
        "POST /api/hostile/seen-headers HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\
         x-strongroom-role: {LIE}\r\nx-user-id: {LIE}\r\n\r\n"
    );
    let answer = exchange_from(attacker(0), bank.address(), request).await;
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    assert!(!answer.text().contains(LIE), "{answer:?}");
}

#[tokio::test]
async fn z4_the_address_is_that_of_the_connection_unless_a_trusted_proxy_says_another() {
    let hostile = Service::guest("hostile").public();
    let registry = Registry::bank().service("hostile", hostile);
    let registry = registry.host("trusted_proxies", vec!["127.0.0.2/32"]);
    let bank = Bank::start_with(&registry).await;
    let (proxy, stranger) = (bank.client_at(attacker(0)), bank.client_at(attacker(1)));
    for (field, value, believed) in [
        // From the right: what is left of the proxy's own word is the client's.
        ("x-forwarded-for", "192.0.2.9, 192.0.2.7", "192.0.2.7"),
        ("forwarded", "for=192.0.2.9, for=192.0.2.8", "192.0.2.8"),
        ("x-colour", "green", "127.0.0.2"),
    ] {
        for (client, told) in [(&stranger, "127.0.0.3"), (&proxy, believed)] {
            let headers = seen(client, "hostile", &[(field, value)]).await;
            let told = format!("x-strongroom-client-address: {told}");
            assert!(headers.lines().any(|line| line == told), "{headers}");
        }
    }
}
