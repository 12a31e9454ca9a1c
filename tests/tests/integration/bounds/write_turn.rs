//! A write transaction that is held open: its time ends it, and the next writer goes on.

use super::*;
use crate::bounds::shell::{self, Shell};

fn service() -> Service {
    let service = shell::service().limit("write_turn", "1s");
    service.limit("cpu", "3s").limit("timeout", "5s")
}

async fn beside(service: Service) -> (Neighbours, Shell) {
    let neighbours = Neighbours::of([("sql", service)]).await;
    let shell = Shell::of(&neighbours, "sql");
    let created = shell.execute("CREATE TABLE t (x)").await;
    created.expect("an honest write");
    (neighbours, shell)
}

/// Other requests of the same service write meanwhile.
#[tokio::test]
async fn a_transaction_held_by_a_sleeper_or_by_a_loop_is_taken_away() {
    for action in ["hold-and-sleep", "hold-and-loop"] {
        println!("{action}");
        let (neighbours, shell) = beside(service()).await;
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
        let count = shell.query("SELECT count(*) FROM t").await;
        assert_eq!(count, Ok(rounds.len().to_string()));
    }
}

#[tokio::test]
async fn a_transaction_held_across_requests_is_taken_away_with_its_instance() {
    let (neighbours, shell) = beside(service().limit("instances", 1)).await;
    neighbours
        .stay_well_while(async || {
            let held = shell.run("hold-and-answer", "").await;
            assert_eq!(held.as_deref(), Ok("held"));
            let late = "INSERT INTO t VALUES ('late')";
            // The only instance still has the transaction, or has been replaced: either way what it
            // does comes to nothing.
            let _refused_or_nothing_held = shell.run("use-what-is-held", late).await;
            tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
            let held = shell.run("use-what-is-held", late).await;
            let is_over = [
                Ok("nothing is held".to_owned()),
                Err("timed-out".to_owned()),
            ];
            assert!(is_over.contains(&held), "{held:?}");
            let written = shell.execute("INSERT INTO t VALUES (1)").await;
            assert_eq!(written.as_deref(), Ok("1"), "the next writer goes on");
        })
        .await;
    let late = shell.query("SELECT count(*) FROM t WHERE x = 'late'").await;
    assert_eq!(late.as_deref(), Ok("0"));
}
