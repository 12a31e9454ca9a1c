//! SQL that wants more than a service may have.

use super::*;
use crate::bounds::shell::{self, Shell};

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

async fn start() -> (Neighbours, Shell) {
    let neighbours = Neighbours::of([("sql", shell::service())]).await;
    let shell = Shell::of(&neighbours, "sql");
    (neighbours, shell)
}

/// Asserts that a read and a write of each statement fail with an error of this name, with the
/// neighbours well meanwhile and the store afterwards.
async fn assert_refused(neighbours: &Neighbours, shell: &Shell, statements: &[&str], error: &str) {
    let attack = async || {
        for statement in statements {
            for action in ["query", "query-in-transaction"] {
                let refusal = shell.run(action, statement).await.expect_err(statement);
                assert!(refusal.starts_with(error), "{statement}: {refusal}");
            }
        }
    };
    neighbours.stay_well_while(attack).await;
    assert_store_works(shell).await;
}

async fn assert_store_works(shell: &Shell) {
    for statement in [
        "CREATE TABLE IF NOT EXISTS honest (x)",
        "DELETE FROM honest",
        "INSERT INTO honest VALUES (1)",
    ] {
        shell.execute(statement).await.expect(statement);
    }
    let honest = shell.query("SELECT x FROM honest").await;
    assert_eq!(honest.as_deref(), Ok("1"));
}

/// Files and settings. `host/src/store/tests.rs` has more of them.
const OUT_OF_REACH: [&str; 5] = [
    "ATTACH ':memory:' AS other",
    "PRAGMA max_page_count = 1000000000",
    "PRAGMA database_list",
    "SELECT * FROM pragma_table_info('sqlite_schema')",
    "CREATE VIRTUAL TABLE words USING fts5(word)",
];

const TOO_LARGE: [&str; 8] = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT hex(zeroblob(10000)) FROM n",
    "SELECT zeroblob(2000000000)",
    "SELECT randomblob(2000000000)",
    "SELECT printf('%*c', 2000000000, 'x')",
    "SELECT hex(zeroblob(100000000))",
    "SELECT replace(hex(zeroblob(20000)), '0', hex(zeroblob(20000)))",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT group_concat(hex(zeroblob(10000))) FROM n",
];

#[tokio::test]
async fn what_reaches_out_or_wants_too_much_is_refused() {
    let tight = shell::service().limit("read", "1s");
    let tight = tight.limit("write_turn", "1s");
    let neighbours = Neighbours::of([("sql", shell::service()), ("tight", tight)]).await;
    let shell = Shell::of(&neighbours, "sql");
    assert_refused(&neighbours, &shell, &OUT_OF_REACH, "denied").await;
    assert_refused(&neighbours, &shell, &TOO_LARGE, "too-large").await;
    let nested = |open: &str, close: &str, levels| {
        format!("SELECT {}1{}", open.repeat(levels), close.repeat(levels))
    };
    let statements = [
        nested("(", ")", 30_000),
        nested("- ", "", 30_000),
        nested("(SELECT ", ")", 7_000),
        nested("abs(", ")", 10_000),
        nested("CASE WHEN 1 THEN ", " END", 2_500),
    ];
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    assert_refused(&neighbours, &shell, &statements, "invalid").await;
    let sort = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50000000)
        SELECT hex(randomblob(100)) AS r FROM n ORDER BY r LIMIT 1";
    let join = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000)
        SELECT count(*) FROM n AS a, n AS b, n AS c WHERE a.i + b.i = c.i";
    let shell = Shell::of(&neighbours, "tight");
    assert_refused(&neighbours, &shell, &[ENDLESS, sort, join], "timed-out").await;
}

/// Runs statements as reads and as writes, so many of them at once, with the neighbours well
/// meanwhile. The answer does not matter, as long as there is one.
async fn assert_all_end(
    neighbours: &Neighbours,
    shell: &Shell,
    statements: &[String],
    at_once: usize,
) {
    let attack = async || {
        let mut runs = JoinSet::new();
        for action in ["query", "query-in-transaction"] {
            for statement in statements.iter().cycle().take(at_once) {
                let (shell, statement) = (shell.clone(), statement.clone());
                runs.spawn(async move { shell.run(action, &statement).await });
            }
        }
        let _answers_or_refusals = runs.join_all().await;
    };
    neighbours.stay_well_while(attack).await;
    assert_store_works(shell).await;
}

#[tokio::test]
async fn no_statement_takes_for_ever_or_holds_up_others() {
    let (neighbours, shell) = start().await;
    let members = |prefix: &str| {
        format!(
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000)
            SELECT json_group_object('{prefix}' || i, 1) FROM n)"
        )
    };
    // These take time by the product of their arguments' lengths, in one step of SQLite that no
    // time limit interrupts: only the size of values, or another implementation, bounds them.
    for statement in [
        "SELECT length(trim(replace(hex(zeroblob(900000)), '0', 'a'), replace(hex(zeroblob(70000)), '0', 'b') || 'a'))".to_owned(),
        "SELECT length(replace(replace(hex(zeroblob(900000)), '0', 'a'), replace(hex(zeroblob(300000)), '0', 'a') || 'b', 'x'))".to_owned(),
        "SELECT instr(zeroblob(2000000), zeroblob(1000000) || x'01')".to_owned(),
        format!("SELECT length(json_patch({}, {}))", members("a"), members("b")),
    ] {
        assert_all_end(&neighbours, &shell, &[statement], 1).await;
    }
    // Each step of these is long, and few steps are looked at between two looks at the clock.
    let like = format!(
        "replace(hex(zeroblob(250000)), '00', 'ab') LIKE '%{}c%'",
        "a_".repeat(48)
    );
    let largest = |from: u32| {
        let texts: Vec<String> = (from..from + 90).map(|n| format!("x || {n}")).collect();
        format!("max({})", texts.join(", "))
    };
    let largest: Vec<String> = (0..50).map(|n| largest(90 * n)).collect();
    let statements = [
        format!("SELECT {}", vec![like; 60].join(" || ")),
        format!(
            "WITH a(x) AS MATERIALIZED (SELECT hex(zeroblob(200000))) SELECT length(max({})) FROM a",
            largest.join(", ")
        ),
    ];
    assert_all_end(&neighbours, &shell, &statements, 16).await;
    // Each of these is answered at once, so that the guest never waits.
    let short = async || {
        let calls = (0..4).map(|_| neighbours.client().post("/api/sql/query-for-ever"));
        for ended in at_once(calls).await {
            ended.refused(504, "deadline_exceeded");
        }
    };
    neighbours.stay_well_while(short).await;
    assert_store_works(&shell).await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_row_of_megabytes_does_not_become_memory_of_the_host() {
    /// What the whole bank needs, some times over; the rows asked for would take gigabytes.
    const HOST_MIB_MAX: u64 = 1 << 10;
    let (neighbours, shell) = start().await;
    let columns: Vec<String> = (0..200).map(|column| format!("x || {column}")).collect();
    // The count takes long enough for the read to leave the thread that it began on.
    let statement = format!(
        "WITH RECURSIVE a(x) AS MATERIALIZED (SELECT hex(zeroblob(1000000))),
            n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000)
        SELECT {} FROM a, (SELECT count(*) FROM n)",
        columns.join(", ")
    );
    let attack = async || {
        let reads = (0..8).map(|_| {
            let (shell, statement) = (shell.clone(), statement.clone());
            async move { shell.query(&statement).await }
        });
        for outcome in reads.collect::<JoinSet<_>>().join_all().await {
            outcome.expect_err("the answer is too large");
        }
    };
    neighbours.stay_well_while(attack).await;
    let peak = neighbours.peak_mib();
    assert!(peak < HOST_MIB_MAX, "{peak} MiB");
    assert_store_works(&shell).await;
}

#[tokio::test]
async fn the_registry_says_how_much_a_store_holds_and_a_call_may_hand_to_the_host() {
    let small = shell::service().limit("store", "1MiB");
    let tight = shell::service().limit("hostcall", "256KiB");
    let neighbours = Neighbours::of([("small", small), ("tight", tight)]).await;
    let shell = Shell::of(&neighbours, "small");
    let created = shell.execute("CREATE TABLE hoard (x)").await;
    created.expect("there is room");
    let fill = "INSERT INTO hoard VALUES (randomblob(30000))";
    while shell.execute(fill).await.is_ok() {}
    let refusals = neighbours.stay_well_while(async || shell.execute(fill).await);
    for refusal in refusals.await {
        assert_eq!(refusal, Err("full".to_owned()));
    }
    let stored = shell.query("SELECT sum(length(x)) FROM hoard").await;
    let stored: u64 = stored.expect("a read").parse().expect("a number");
    assert!((500_000..1 << 20).contains(&stored), "{stored}");
    let tidied = shell.execute("DELETE FROM hoard WHERE rowid % 2 = 0").await;
    tidied.expect("a full store can be tidied up");
    assert_store_works(&shell).await;

    let ask = async |service: &str, kib: &'static str| {
        let path = format!("/api/{service}/long-key");
        let call = neighbours.client().post(&path);
        call.body("text/plain", kib).await
    };
    assert_eq!(ask("small", "512").await.text(), "Ok(None)");
    for (service, too_much) in [("small", "16384"), ("tight", "512")] {
        ask(service, too_much).await.refused(502, "service_failed");
    }
}
