//! Answers that a client does not take.

use super::*;
use strongroom_tests::Person;
use strongroom_tests::http2::{Fate, Peer, fate};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// As many as an HTTP/2 connection may have at once.
const STREAMS: usize = 100;
/// The entries of the list that each stream asks for: some 150 KiB.
const ENTRIES: usize = 500;
/// A stream that takes nothing is reset after 10 s; this tells that from never.
const RESET_TIME_MAX: Duration = Duration::from_secs(60);

/// A customer with a list that is as long as a page may be.
pub struct Lister {
    pub person: Person,
    pub path: String,
}

impl Lister {
    pub async fn of(bank: &Bank) -> Self {
        let pair = bank.pair().await;
        let transfers = vec![pair.body("0.01"); ENTRIES];
        let batch = json!({"transfers": transfers, "atomic": false});
        let sent = pair.alice.submit("batch", &batch).await;
        assert!(sent.status < 300, "{}", sent.text());
        Self {
            path: format!("/api/accounts/{}/entries?limit={ENTRIES}", pair.from),
            person: pair.alice,
        }
    }
}

/// Connections with a window of 0, each with all its streams asking for the list. They go on as
/// long as this is held.
pub async fn take_nothing(
    bank: &Bank,
    lister: &Lister,
    source: impl Fn(usize) -> Ipv4Addr,
    connections: usize,
) -> (Vec<Peer>, JoinSet<Fate>) {
    let mut peers = Vec::new();
    let mut fates = JoinSet::new();
    for number in 0..connections {
        let Ok(peer) = Peer::open(source(number), bank.address(), 0).await else {
            continue;
        };
        for _stream in 0..STREAMS {
            let Some(response) = peer.get(&lister.path, Some(lister.person.token())).await else {
                break;
            };
            fates.spawn(fate(response));
        }
        peers.push(peer);
    }
    (peers, fates)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_takes_are_bounded_and_given_up() {
    let hostile = Service::guest("hostile").public().limit("timeout", "5m");
    let hostile = hostile.limit("cpu", "5m").limit("response_body", "1GiB");
    let bank = Bank::start_with(&Registry::bank().service("hostile", hostile)).await;
    let (customer, lister) = (Customer::of(&bank).await, Lister::of(&bank).await);
    customer.pay(20).await;
    let before = bank.resident_mib();
    let connections = short_or_full(12, 40);
    let (peers, fates) = take_nothing(&bank, &lister, attacker, connections).await;
    let mut most = before;
    for _round in 0..10 {
        customer.pay(5).await;
        most = most.max(bank.resident_mib());
    }
    let ended = timeout(RESET_TIME_MAX, fates.join_all()).await;
    let ended = ended.expect("each stream ends");
    most = most.max(bank.resident_mib());
    drop(peers);
    // Nothing was taken, so nothing was whole.
    let is_whole = ended.contains(&Fate::Answered(200));
    assert!(ended.contains(&Fate::Reset) && !is_whole, "{ended:?}");
    assert_little_growth(before, most);
    customer.pay(5).await;

    // Over HTTP/1. The service itself would have five minutes: only that nothing is taken can end
    // it before, with its instance. An idle one is kept for 10 s more.
    let request = "GET /api/hostile/endless-body HTTP/1.1\r\nhost: bank\r\n\r\n";
    let mut silent = Connection::begin(attacker(0), bank.address(), request).await;
    let live = async || bank.service("hostile").await["instances"]["live"].clone();
    wait_until("the answer to begin", 20, async || live().await != 0).await;
    wait_until("the answer to be given up", 60, async || live().await == 0).await;
    assert!(silent.is_closed_within(Duration::from_secs(30)).await);
    customer.pay(5).await;
}
