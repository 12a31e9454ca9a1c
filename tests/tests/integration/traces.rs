//! Goal: an operator's collector receives what a request did at which service and store, and the
//! bank does not depend on it.
//! Method: a bank with a collector on the loopback, and payments with ids that the traces have; a
//! bank whose collector is not there.

use std::collections::BTreeMap;
use std::net::TcpListener;
use strongroom_tests::bank::{PASSWORD, day, new_key};
use strongroom_tests::receiver::Receiver;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Value, list, text, wait_for};
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

/// A span, as collectors keep it.
#[derive(Debug, Clone)]
struct Span {
    service: String,
    trace: String,
    id: String,
    parent: String,
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Span {
    fn read(service: &str, span: &Value) -> Self {
        let member = |name: &str| text(&span[name]).to_owned();
        let nanoseconds = |name: &str| text(&span[name]).parse::<u64>().expect("a time");
        assert!(
            nanoseconds("startTimeUnixNano") <= nanoseconds("endTimeUnixNano"),
            "{span}"
        );
        Self {
            service: service.to_owned(),
            trace: member("traceId"),
            id: member("spanId"),
            parent: member("parentSpanId"),
            name: member("name"),
            attributes: attributes(&span["attributes"]),
        }
    }
}

fn attributes(list_of_them: &Value) -> BTreeMap<String, String> {
    let attributes = list(list_of_them).iter().map(|attribute| {
        let value = &attribute["value"];
        let value = value["stringValue"].as_str().or(value["intValue"].as_str());
        (
            text(&attribute["key"]).to_owned(),
            value.expect("a value").to_owned(),
        )
    });
    attributes.collect()
}

/// All spans that a collector was sent.
fn spans(collector: &Receiver) -> Vec<Span> {
    let mut spans = Vec::new();
    for request in collector.received() {
        assert!(request.head.starts_with("POST /v1/traces HTTP/1.1"));
        assert_eq!(request.header("content-type"), "application/json");
        for resource in list(&request.json()["resourceSpans"]) {
            let of_service = attributes(&resource["resource"]["attributes"]);
            for scope in list(&resource["scopeSpans"]) {
                let found = list(&scope["spans"]).iter();
                spans.extend(found.map(|span| Span::read(&of_service["service.name"], span)));
            }
        }
    }
    spans
}

/// The spans of the trace of a request, once they are there.
async fn spans_of(collector: &Receiver, request_id: &str) -> Vec<Span> {
    wait_for("the trace", SECONDS_MAX, async || {
        let mut spans = spans(collector);
        let is_root = |span: &&Span| {
            let id = span.attributes.get("strongroom.request.id");
            id.is_some_and(|id| id == request_id)
        };
        let trace = spans.iter().find(is_root)?.trace.clone();
        spans.retain(|span| span.trace == trace);
        Some(spans)
    })
    .await
}

/// The service and the name of a span, and of those above it, outermost first.
fn way(spans: &[Span], span: &Span) -> Vec<String> {
    let above = spans.iter().find(|other| other.id == span.parent);
    let mut way = above.map(|above| way(spans, above)).unwrap_or_default();
    let name = span
        .name
        .rsplit_once('#')
        .map_or(&*span.name, |(_, name)| name);
    way.push(format!("{}: {name}", span.service));
    way
}

#[tokio::test]
async fn a_collector_receives_what_a_payment_did_at_which_service_and_store() {
    let collector = Receiver::start().await;
    let bank = traced_bank(&collector.url).await;
    let pair = bank.pair().await;
    let (paid, ordered) = (new_key(), new_key());
    let transfer = pair.alice.submit("transfer", &pair.body("1.00"));
    let transfer = transfer
        .header("x-request-id", &paid)
        .header("traceparent", &format!("00-{TRACE}-{SPAN}-00"));
    transfer.await.expect(201);
    let order = pair.alice.submit("schedules", &pair.order("1.00", &day(1)));
    order.header("x-request-id", &ordered).await.expect(201);

    let spans = spans_of(&collector, &paid).await;
    let ways: Vec<_> = spans.iter().map(|span| way(&spans, span)).collect();
    let [gateway, serve] = ["gateway: POST /api/transactions", "transactions: serve"];
    for wanted in [
        vec![gateway],
        vec![gateway, serve],
        vec![gateway, serve, "accounts: post"],
        vec![
            gateway,
            serve,
            "accounts: post",
            "accounts: wait for the writer accounts",
        ],
        vec![
            gateway,
            serve,
            "accounts: post",
            "accounts: commit accounts",
        ],
    ] {
        assert!(
            ways.iter().any(|way| *way == wanted),
            "{wanted:?} in {ways:#?}"
        );
    }
    assert!(ways.iter().all(|way| way[0] == gateway), "{ways:#?}");
    let of_name = |name: &str| {
        let span = spans.iter().find(|span| span.name == name);
        span.unwrap_or_else(|| panic!("{name} in {ways:#?}"))
    };
    let root = of_name("POST /api/transactions");
    assert_eq!((&*root.trace, &*root.parent), (TRACE, SPAN));
    for (attribute, value) in [
        ("http.request.method", "POST"),
        ("http.response.status_code", "201"),
        ("url.path", "/api/transactions/transfer"),
    ] {
        assert_eq!(root.attributes[attribute], value);
    }
    let commit = &of_name("commit accounts").attributes;
    assert_eq!(commit["db.system.name"], "sqlite");
    assert_eq!(commit["db.namespace"], "accounts");

    let spans = spans_of(&collector, &ordered).await;
    let ways: Vec<_> = spans.iter().map(|span| way(&spans, span)).collect();
    for wanted in [
        "transactions: commit transactions",
        "accounts: read accounts",
    ] {
        let is_it = |way: &Vec<String>| way.last().is_some_and(|last| last == wanted);
        assert!(ways.iter().any(is_it), "{wanted} in {ways:#?}");
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
    wait_for("the warning", SECONDS_MAX, async || {
        (warnings().await > 0).then_some(())
    })
    .await;
    pair.send("1.00").await;
    let dropped = async || {
        let page = bank.host.admin().get("/metrics").await.text();
        let mut lines = page.lines();
        let count = lines.find_map(|line| line.strip_prefix("strongroom_traces_dropped_total "));
        count
            .expect("they are counted")
            .parse::<u64>()
            .expect("a number")
    };
    let before = dropped().await;
    wait_for("more to be dropped", SECONDS_MAX, async || {
        (dropped().await > before).then_some(())
    })
    .await;
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
