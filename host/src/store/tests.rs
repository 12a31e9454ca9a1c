//! The store keeps what it acknowledged, shows what is durable, and lets a guest do no more than it may.

mod calls;
mod faults;

use super::bindings::{Error, Rows, Value};
use super::*;
use crate::wall_clock::SetClocks;
use tempfile::TempDir;

const BYTES_MAX: u64 = 64 << 20;
const TURN: Duration = Duration::from_millis(200);
const READ: Duration = Duration::from_millis(300);

struct Fixture {
    store: ServiceStore,
    folder: TempDir,
    clocks: SetClocks,
}

fn open(folder: &TempDir, clocks: &SetClocks, bytes_max: u64) -> ServiceStore {
    let clock = Arc::new(clocks.wall_clock(folder.path()));
    ServiceStore::open(&folder.path().join("s.sqlite"), bytes_max, clock).unwrap()
}

impl Fixture {
    async fn new() -> Self {
        Self::with(BYTES_MAX).await
    }

    async fn with(bytes_max: u64) -> Self {
        Self::within(tempfile::tempdir().unwrap(), bytes_max).await
    }

    async fn within(folder: TempDir, bytes_max: u64) -> Self {
        let clocks = SetClocks::default();
        let store = open(&folder, &clocks, bytes_max);
        let fixture = Self {
            store,
            folder,
            clocks,
        };
        fixture
            .write("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE) STRICT")
            .await
            .unwrap();
        fixture
    }

    fn writer(&self) -> &Writer {
        self.store.writer.as_ref().unwrap()
    }

    async fn write(&self, sql: &str) -> Result<u64, Error> {
        let turn = self.writer().begin(TURN, Arc::default()).await?;
        let changed = turn.execute(sql, &[])?;
        turn.commit().await?;
        Ok(changed)
    }

    async fn read(&self, sql: &str) -> Result<Rows, Error> {
        self.store
            .readers
            .query(READ, sql.to_owned(), Vec::new())
            .await
    }

    async fn count(&self) -> i64 {
        match self.read("SELECT count(*) FROM t").await.unwrap().rows[0][0] {
            Value::Integer(count) => count,
            ref other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn only_the_owner_may_touch_the_files_of_a_store_whatever_their_modes_were() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let mut fixture = Fixture::new().await;
    let modes = |folder: &TempDir| {
        let files =
            ["s.sqlite", "s.sqlite-wal", "s.sqlite-shm"].map(|name| folder.path().join(name));
        files.map(|file| file.metadata().unwrap().permissions().mode() & 0o777)
    };
    assert_eq!(modes(&fixture.folder), [0o600; 3]);
    for file in std::fs::read_dir(fixture.folder.path()).unwrap() {
        set_permissions(file.unwrap().path(), Permissions::from_mode(0o666)).unwrap();
    }
    fixture = Fixture {
        store: open(&fixture.folder, &fixture.clocks, BYTES_MAX),
        ..fixture
    };
    assert_eq!(modes(&fixture.folder), [0o600; 3]);
}

/// `.cargo/config.toml` says how; whoever builds from elsewhere would miss it.
#[test]
fn sqlite_is_built_as_the_workspace_says() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let mut options = connection.prepare("PRAGMA compile_options").unwrap();
    let options: Vec<String> = options
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(
        options.contains(&"DEFAULT_PCACHE_INITSZ=0".to_owned()),
        "{options:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_a_write_when_it_is_committed_and_not_before() {
    let fixture = Fixture::new().await;
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    turn.execute("INSERT INTO t (v) VALUES ('a')", &[]).unwrap();
    assert_eq!(turn.query("SELECT v FROM t", &[]).unwrap().rows.len(), 1);
    assert_eq!(fixture.count().await, 0);
    turn.commit().await.unwrap();
    assert_eq!(fixture.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_transaction_is_undone_and_its_group_is_kept() {
    let fixture = Arc::new(Fixture::new().await);
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move {
                let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
                turn.execute(
                    "INSERT INTO t (v) VALUES (?1)",
                    &[Value::Text(number.to_string())],
                )
                .unwrap();
                if number % 3 != 0 {
                    turn.commit().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(fixture.count().await, 133);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_statement_leaves_its_transaction_and_its_group_whole() {
    let fixture = Fixture::new().await;
    fixture
        .write("INSERT INTO t (v) VALUES ('a')")
        .await
        .unwrap();
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    turn.execute("INSERT INTO t (v) VALUES ('b')", &[]).unwrap();
    let error = turn
        .execute("INSERT INTO t (v) VALUES ('a')", &[])
        .unwrap_err();
    assert!(matches!(error, Error::Constraint(_)), "{error:?}");
    turn.commit().await.unwrap();
    assert_eq!(fixture.count().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_later_becomes_durable_by_itself() {
    let fixture = Fixture::new().await;
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    turn.execute("INSERT INTO t (v) VALUES ('a')", &[]).unwrap();
    turn.commit_later().unwrap();
    tokio::time::timeout(Duration::from_secs(5), async {
        while fixture.count().await == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

/// The first commits are handed over, and the later ones are made on the spot where the disk is quick.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_lone_writer_was_told_of_is_there_whichever_thread_committed() {
    let fixture = Fixture::new().await;
    let file = fixture.folder.path().join("s.sqlite");
    for count in 1..=50 {
        fixture
            .write("INSERT INTO t (v) VALUES (hex(randomblob(8)))")
            .await
            .unwrap();
        let other = rusqlite::Connection::open(&file).unwrap();
        let found: i64 = other
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, count);
    }
}

/// A file system in memory is a quick disk.
#[tokio::test(flavor = "multi_thread")]
async fn a_lone_writer_commits_on_the_spot_where_the_disk_is_quick() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    let fixture = Fixture::within(folder, BYTES_MAX).await;
    for _ in 0..10_000 {
        let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
        turn.execute("INSERT INTO t (v) VALUES (hex(randomblob(8)))", &[])
            .unwrap();
        let mut commit = Box::pin(turn.commit());
        match futures::poll!(commit.as_mut()) {
            std::task::Poll::Ready(done) => return done.unwrap(),
            std::task::Poll::Pending => commit.await.unwrap(),
        }
    }
    panic!("all commits were handed over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_has_all_that_was_kept() {
    let fixture = Fixture::new().await;
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    turn.execute("INSERT INTO t (v) VALUES ('a')", &[]).unwrap();
    turn.commit_later().unwrap();
    fixture.store.close().await;
    let reopened = ServiceStore::open_snapshot(&fixture.folder.path().join("s.sqlite")).unwrap();
    let rows = reopened
        .readers
        .query(READ, "SELECT v FROM t".to_owned(), Vec::new())
        .await
        .unwrap();
    assert_eq!(rows.rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_holds_the_writer_too_long_is_undone() {
    let fixture = Fixture::new().await;
    let retire = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let slow = fixture
        .writer()
        .begin(TURN, Arc::clone(&retire))
        .await
        .unwrap();
    slow.execute("INSERT INTO t (v) VALUES ('slow')", &[])
        .unwrap();
    // The next writer waits until the slow one's time is over.
    fixture
        .write("INSERT INTO t (v) VALUES ('next')")
        .await
        .unwrap();
    assert!(matches!(
        slow.execute("INSERT INTO t (v) VALUES ('more')", &[]),
        Err(Error::TimedOut)
    ));
    assert!(matches!(slow.commit().await, Err(Error::TimedOut)));
    assert!(
        retire.load(std::sync::atomic::Ordering::Relaxed),
        "its instance must go"
    );
    assert_eq!(fixture.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_never_ends_is_stopped() {
    let fixture = Fixture::new().await;
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    assert!(matches!(fixture.read(endless).await, Err(Error::TimedOut)));
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO t (id) SELECT i FROM n";
    assert!(matches!(turn.execute(insert, &[]), Err(Error::TimedOut)));
    drop(turn);
    fixture
        .write("INSERT INTO t (v) VALUES ('next')")
        .await
        .unwrap();
    assert_eq!(fixture.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reaches_nothing_but_its_own_tables() {
    let fixture = Fixture::new().await;
    let other = fixture.folder.path().join("other.sqlite");
    let attach = format!("ATTACH '{}' AS other", other.display());
    let vacuum = format!("VACUUM INTO '{}'", other.display());
    for sql in [
        attach.as_str(),
        vacuum.as_str(),
        "DETACH main",
        "VACUUM",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA synchronous = OFF",
        "SELECT * FROM pragma_database_list",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT turn",
        "RELEASE turn",
        "ROLLBACK TO turn",
        "CREATE TEMP TABLE x (y)",
        "SELECT load_extension('x')",
        "ANALYZE",
        "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, '')",
    ] {
        let read = fixture.read(sql).await;
        assert!(read.is_err(), "read {sql}: {read:?}");
        let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
        let written = turn.execute(sql, &[]);
        assert!(written.is_err(), "write {sql}: {written:?}");
        turn.commit().await.unwrap();
    }
    assert!(!other.exists());
    // The writer goes on.
    fixture
        .write("INSERT INTO t (v) VALUES ('a')")
        .await
        .unwrap();
    assert_eq!(fixture.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_cannot_write() {
    let fixture = Fixture::new().await;
    let error = fixture
        .read("INSERT INTO t (v) VALUES ('a')")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_a_limit() {
    let fixture = Fixture::new().await;
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10001) SELECT i FROM n";
    assert!(matches!(fixture.read(rows).await, Err(Error::TooLarge(_))));
    let bytes = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9) SELECT zeroblob(500000) FROM n";
    assert!(matches!(fixture.read(bytes).await, Err(Error::TooLarge(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_refuses_writes_and_goes_on_reading() {
    let fixture = Fixture::with(256 << 10).await;
    let mut outcome = Ok(0);
    for _ in 0..100 {
        outcome = fixture
            .write("INSERT INTO t (v) VALUES (hex(randomblob(8000)))")
            .await;
        if outcome.is_err() {
            break;
        }
    }
    assert!(matches!(outcome, Err(Error::Full)), "{outcome:?}");
    let kept = fixture.count().await;
    assert!(kept > 0);
    fixture.write("DELETE FROM t").await.unwrap();
    fixture
        .write("INSERT INTO t (v) VALUES ('a')")
        .await
        .unwrap();
    assert_eq!(fixture.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_given_more_room_grows_on() {
    let fixture = Fixture::with(64 << 10).await;
    let big = "INSERT INTO t (v) VALUES (hex(randomblob(100000)))";
    assert!(matches!(fixture.write(big).await, Err(Error::Full)));
    fixture.store.resize(BYTES_MAX).await.unwrap();
    fixture.write(big).await.unwrap();
    fixture.store.resize(64 << 10).await.unwrap();
    assert!(matches!(fixture.write(big).await, Err(Error::Full)));
    assert_eq!(fixture.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_must_be_as_many_as_the_statement_has() {
    let fixture = Fixture::new().await;
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    assert!(matches!(
        turn.execute("INSERT INTO t (v) VALUES (?1)", &[]),
        Err(Error::Invalid(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_moved_into_the_database_while_writers_write() {
    let fixture = Fixture::new().await;
    for round in 0..60 {
        let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
        for row in 0..30 {
            let text = format!("{round}-{row}-{}", "x".repeat(4_000));
            turn.execute("INSERT INTO t (v) VALUES (?1)", &[Value::Text(text)])
                .unwrap();
        }
        turn.commit().await.unwrap();
    }
    let database = std::fs::metadata(fixture.folder.path().join("s.sqlite"))
        .unwrap()
        .len();
    assert!(database > 1 << 20, "{database} bytes");
    assert_eq!(fixture.count().await, 1_800);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execute_passes_over_returned_rows() {
    let fixture = Fixture::new().await;
    let changed = fixture
        .write("INSERT INTO t (v) VALUES ('a'), ('b') RETURNING v")
        .await;
    assert_eq!(changed.unwrap(), 2);
    assert_eq!(fixture.count().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_large_undoes_what_its_statement_did() {
    let fixture = Fixture::new().await;
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10001) INSERT INTO t (id) SELECT i FROM n RETURNING id";
    assert!(matches!(turn.query(insert, &[]), Err(Error::TooLarge(_))));
    assert!(turn.commit().await.is_err());
    assert_eq!(fixture.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_single_step_takes_for_ever() {
    let fixture = Fixture::new().await;
    let product = "SELECT instr(zeroblob(500000), zeroblob(250000) || x'01')";
    assert_eq!(fixture.read(product).await.unwrap().rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_changes_more_than_sqlite_undoes_from_memory_is_kept_or_undone_whole() {
    let fixture = Fixture::new().await;
    let fill = "INSERT INTO t (v) SELECT value || printf('%.600c', 'x') FROM json_each(?1)";
    let numbers: Vec<String> = (0..3_000).map(|number| number.to_string()).collect();
    let numbers = Value::Text(format!("[{}]", numbers.join(",")));
    let turn = fixture
        .writer()
        .begin(TURN * 20, Arc::default())
        .await
        .unwrap();
    turn.execute(fill, &[numbers]).unwrap();
    turn.commit().await.unwrap();
    // Some 700 pages, of which the one before the last is undone.
    for is_kept in [true, false, true] {
        let turn = fixture
            .writer()
            .begin(TURN * 20, Arc::default())
            .await
            .unwrap();
        let changed = turn.execute("UPDATE t SET v = v || 'y'", &[]).unwrap();
        assert_eq!(changed, 3_000);
        if is_kept {
            turn.commit().await.unwrap();
        }
    }
    let twice = "SELECT count(*) FROM t WHERE v LIKE '%xyy'";
    let rows = fixture.read(twice).await.unwrap().rows;
    assert!(matches!(rows[0][0], Value::Integer(3_000)), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_clock_is_not_trusted_nothing_begins_nothing_is_kept_and_reads_go_on() {
    const DAY_MS: i64 = 86_400_000;
    let fixture = Fixture::new().await;
    let turn = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    turn.execute("INSERT INTO t (id) VALUES (1)", &[]).unwrap();
    let store = fixture.store.clone();
    let waiting = tokio::spawn(async move {
        let writer = store.writer.as_ref().unwrap();
        writer.begin(TURN, Arc::default()).await.map(drop)
    });
    tokio::time::sleep(TURN / 10).await;
    fixture.clocks.step(DAY_MS);
    assert!(matches!(turn.commit().await, Err(Error::Clock)));
    assert!(matches!(waiting.await.unwrap(), Err(Error::Clock)));
    let insert = "INSERT INTO t (id) VALUES (2)";
    assert!(matches!(fixture.write(insert).await, Err(Error::Clock)));
    assert_eq!(fixture.count().await, 0);
    fixture.clocks.step(-DAY_MS);
    fixture.write(insert).await.unwrap();
}
