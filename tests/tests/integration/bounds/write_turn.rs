//! A write transaction that is held open: its time ends it, and the next writer goes on.

use super::*;
use crate::bounds::shell::{self, Shell};

/// Other requests of the same service write meanwhile.
#[tokio::test]
async fn a_transaction_that_is_held_is_taken_away() {
    let service = shell::service().limit("write_turn", "1s");
    let service = service.limit("cpu", "3s").limit("timeout", "5s");
    let single = service.clone().limit("instances", 1);
    let neighbours = Neighbours::of([("sql", service), ("single", single)]).await;
    let [shell, single] = ["sql", "single"].map(|name| Shell::of(&neighbours, name));
    for shell in [&shell, &single] {
        let created = shell.execute("CREATE TABLE t (x)").await;
        created.expect("an honest write");
    }
    let mut written = 0;
    for action in ["hold-and-sleep", "hold-and-loop"] {
        println!("{action}");
        let path = format!("/api/sql/{action}");
        let rounds = neighbours
            .stay_well_while(async || {
                let hold = neighbours.client().post(&path).into_future();
                let write = shell.execute("INSERT INTO t VALUES (1)");
                tokio::join!(hold, write)
            })
            .await;
        for (held, written) in &rounds {
            held.refused(504, "deadline_exceeded");
            assert_eq!(written.as_deref(), Ok("1"));
        }
        written += rounds.len();
        let count = shell.query("SELECT count(*) FROM t").await;
        assert_eq!(count, Ok(written.to_string()));
    }
    // Held across requests, it is taken away with its instance.
    let across = async || {
        let held = single.run("hold-and-answer", "").await;
        assert_eq!(held.as_deref(), Ok("held"));
        let late = "INSERT INTO t VALUES ('late')";
        // The only instance still has the transaction, or has been replaced: either way what it
        // does comes to nothing.
        let _refused_or_nothing_held = single.run("use-what-is-held", late).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let held = single.run("use-what-is-held", late).await;
        let is_over = [
            Ok("nothing is held".to_owned()),
            Err("timed-out".to_owned()),
        ];
        assert!(is_over.contains(&held), "{held:?}");
        let written = single.execute("INSERT INTO t VALUES (1)").await;
        assert_eq!(written.as_deref(), Ok("1"), "the next writer goes on");
    };
    neighbours.stay_well_while(across).await;
    let late = single
        .query("SELECT count(*) FROM t WHERE x = 'late'")
        .await;
    assert_eq!(late.as_deref(), Ok("0"));
}
