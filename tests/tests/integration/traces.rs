//! Goal: an operator's collector receives what a request did at which service and store, and the
//! bank does not depend on it.
//! Method: a bank with a collector on the loopback, and payments with ids that the traces have; a
//! bank whose collector is not there.

use std::net::TcpListener;
use strongroom_tests::bank::{PASSWORD, day, new_key};
use strongroom_tests::receiver::Receiver;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Value, assert_json, list, text, wait_for, wait_until};
use toml::Table;

/// The host sends each half a second.
const SECONDS_MAX: u64 = 30;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A bank that sends the traces of all requests to this collector.
async fn traced_bank(collector: &str) -> Bank {
    let mut traces = Table::new();
    traces.insert("endpoint".to_owned(), collector.into());
    traces.insert("sample".to_owned(), 100.into());
    Bank::start_with(&Registry::bank().host("traces", traces)).await
}

/// The service of a span, and the span as collectors keep it.
type Span = (String, Value);

/// The value of an attribute of a span or a resource.
fn attribute<'v>(of: &'v Value, name: &str) -> Option<&'v str> {
    let mut attributes = list(&of["attributes"]).iter();
    let value = &attributes.find(|one| one["key"] == name)?["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str())
}

/// All spans that a collector was sent.
fn spans(collector: &Receiver) -> Vec<Span> {
    let mut spans = Vec::new();
    for request in collector.received() {
        assert!(request.head.starts_with("POST /v1/traces HTTP/1.1"));
        assert_eq!(request.header("content-type"), "application/json");
        for resource in list(&request.json()["resourceSpans"]) {
            let service = attribute(&resource["resource"], "service.name").expect("a service");
            for scope in list(&resource["scopeSpans"]) {
                let found = list(&scope["spans"]).iter();
                spans.extend(found.map(|span| (service.to_owned(), span.clone())));
            }
        }
    }
    spans
}

/// The spans of the trace of a request, once they are there.
async fn spans_of(collector: &Receiver, request_id: &str) -> Vec<Span> {
    wait_for("the trace", SECONDS_MAX, async || {
        let mut spans = spans(collector);
        let id = "strongroom.request.id";
        let is_root = |(_, span): &&Span| attribute(span, id) == Some(request_id);
        let trace = spans.iter().find(is_root)?.1["traceId"].clone();
        spans.retain(|(_, span)| span["traceId"] == trace);
        Some(spans)
    })
    .await
}

/// The service and the name of each span, and of those above it, outermost first.
fn ways(spans: &[Span]) -> Vec<String> {
    spans.iter().map(|span| way(spans, span)).collect()
}

fn way(spans: &[Span], (service, span): &Span) -> String {
    let mut others = spans.iter();
    let above = others.find(|(_, other)| other["spanId"] == span["parentSpanId"]);
    let above = above.map(|above| way(spans, above) + " > ");
    let name = text(&span["name"]);
    let name = name.rsplit_once('#').map_or(name, |(_, name)| name);
    format!("{}{service}: {name}", above.unwrap_or_default())
}

#[tokio::test]
async fn a_collector_receives_what_a_payment_did_at_which_service_and_store() {
    let collector = Receiver::start().await;
    let bank = traced_bank(&collector.url).await;
    let pair = bank.pair().await;
    let (paid, ordered) = (new_key(), new_key());
    let transfer = pair.alice.submit("transfer", &pair.body("1.00"));
    let transfer = transfer.header("traceparent", &format!("00-{TRACE}-{SPAN}-00"));
    transfer.header("x-request-id", &paid).await.expect(201);
    let order = pair.alice.submit("schedules", &pair.order("1.00", &day(1)));
    order.header("x-request-id", &ordered).await.expect(201);

    let spans = spans_of(&collector, &paid).await;
    let found = ways(&spans);
    let request = "gateway: POST /api/transactions";
    let are_below = found.iter().all(|way| way.starts_with(request));
    assert!(are_below, "{found:#?}");
    for rest in rows! {
        "", " > transactions: serve", " > transactions: serve > accounts: post",
        " > transactions: serve > accounts: post > accounts: wait for the writer accounts",
        " > transactions: serve > accounts: post > accounts: commit accounts",
    } {
        let wanted = format!("{request}{rest}");
        assert!(found.contains(&wanted), "{wanted} in {found:#?}");
    }
    let root = spans.iter().find(|span| way(&spans, span) == request);
    let (_, root) = root.expect("a root");
    assert_json!(root, {"traceId": TRACE, "parentSpanId": SPAN});
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.response.status_code", "201"),
        ("url.path", "/api/transactions/transfer"),
    ] {
        assert_eq!(attribute(root, name), Some(value));
    }

    let found = ways(&spans_of(&collector, &ordered).await);
    for wanted in rows! { "transactions: commit transactions", "accounts: read accounts" } {
        let is_there = found.iter().any(|way| way.ends_with(wanted));
        assert!(is_there, "{wanted} in {found:#?}");
    }
    for request in collector.received() {
        let sent = String::from_utf8_lossy(&request.body);
        for secret in [PASSWORD, pair.alice.token(), "1.00"] {
            assert!(!sent.contains(secret), "{secret} in {sent}");
        }
    }
}

/// Pays at a bank whose collector takes no traces, until it says so.
async fn pay_without(collector: &str) {
    let bank = traced_bank(collector).await;
    let pair = bank.pair().await;
    pair.send("1.00").await;
    let warnings = async || {
        let log = bank.host.log_until_now().await;
        log.matches("traces are dropped").count()
    };
    let is_told = async || warnings().await > 0;
    wait_until("the warning", SECONDS_MAX, is_told).await;
    pair.send("1.00").await;
    let dropped = async || {
        let page = bank.host.admin().get("/metrics").await.text();
        let (_, count) = page.split_once("\nstrongroom_traces_dropped_total ")?;
        count.lines().next()?.parse::<u64>().ok()
    };
    let before = dropped().await.expect("they are counted");
    let more_are_dropped = async || dropped().await > Some(before);
    wait_until("more to be dropped", SECONDS_MAX, more_are_dropped).await;
    assert_eq!(warnings().await, 1);
}

#[tokio::test]
async fn a_bank_goes_on_where_its_collector_is_not_there_or_says_nothing_and_warns_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let collector = format!("http://{}", listener.local_addr().expect("an address"));
    // Connections to it are taken, as long as it is there.
    pay_without(&collector).await;
    drop(listener);
    pay_without(&collector).await;
}
