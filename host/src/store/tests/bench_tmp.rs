use super::*;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

async fn rates(clients: usize, long: bool, millis: u64, parts: usize) -> Vec<u64> {
    let dir = std::env::var("BENCH_DIR").unwrap_or("/dev/shm".to_owned());
    let fixture = Arc::new(Fixture::within(tempfile::tempdir_in(dir).unwrap(), BYTES_MAX).await);
    fixture
        .write("INSERT INTO t (id) VALUES (1)")
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (fixture, stop, count) = (fixture.clone(), stop.clone(), count.clone());
            tokio::spawn(async move {
                while !stop.load(Relaxed) {
                    let turn = fixture
                        .writer()
                        .begin(TURN * 20, Arc::default())
                        .await
                        .unwrap();
                    for _ in 0..6 {
                        turn.execute("UPDATE t SET v = 'x' WHERE id = 1", &[])
                            .unwrap();
                    }
                    turn.commit().await.unwrap();
                    count.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    let mut rates = Vec::new();
    for part in 0..parts {
        if part == parts / 3 && long {
            for _ in 0..2 {
                let turn = fixture
                    .writer()
                    .begin(TURN * 20, Arc::default())
                    .await
                    .unwrap();
                let begun = Instant::now();
                turn.query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000) SELECT max(i) FROM n", &[]).unwrap();
                println!("long statement {:?}", begun.elapsed());
                turn.commit().await.unwrap();
            }
        }
        let before = count.load(Relaxed);
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_millis(millis)).await;
        let done = count.load(Relaxed) - before;
        rates.push((done as u128 * 1000 / begun.elapsed().as_millis()) as u64);
    }
    stop.store(true, Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    rates
}

#[test]
#[ignore = "by hand"]
fn bench_two_long() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clients: usize = std::env::var("CLIENTS").unwrap().parse().unwrap();
    let rates =
        runtime.block_on(async move { tokio::spawn(rates(clients, true, 100, 21)).await.unwrap() });
    println!("turns/s by 100 ms, two long statements after the 7th: {rates:?}");
}

#[test]
#[ignore = "by hand"]
fn bench_quick() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clients: usize = std::env::var("CLIENTS").unwrap().parse().unwrap();
    let rates =
        runtime.block_on(async move { tokio::spawn(rates(clients, false, 500, 6)).await.unwrap() });
    println!("turns/s: {rates:?}");
}
