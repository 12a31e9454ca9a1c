//! The store keeps what it acknowledged, shows what is durable, and limits what a guest may do.

mod calls;
mod copies;
mod faults;
mod kit;

use super::bindings::{Error, Value};
use super::{ServiceStore, StoreSession, StoreTimes, StoreView};
use kit::{BYTES_MAX, READ_TIME, TestStore, WRITE_TIME, is_same, open};
use kit::{ENDLESS, INSERT_ENDLESSLY, INSERT_TOO_MANY};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

#[tokio::test]
async fn only_the_owner_may_touch_the_files_of_a_store_whatever_their_modes_were() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let test = TestStore::new().await;
    let files = ["s.sqlite", "s.sqlite-wal", "s.sqlite-shm"];
    let files = files.map(|name| test.folder.path().join(name));
    let mode = |file: &PathBuf| file.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(files.each_ref().map(mode), [0o600; 3]);
    for file in &files {
        set_permissions(file, Permissions::from_mode(0o666)).unwrap();
    }
    let _again = open(&test.folder, &test.clocks, BYTES_MAX);
    assert_eq!(files.each_ref().map(mode), [0o600; 3]);
}

/// The options are in `.cargo/config.toml`: a build from another folder would miss them.
#[test]
fn sqlite_is_built_as_the_workspace_says() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let option = "SELECT sqlite_compileoption_used('DEFAULT_PCACHE_INITSZ=0')";
    assert_eq!(connection.query_row(option, [], |row| row.get(0)), Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_a_write_when_it_is_committed_and_not_before() {
    let test = TestStore::new().await;
    let transaction = test.begin_insert(1).await;
    let rows = transaction.query("SELECT id FROM t", &[]).unwrap();
    assert_eq!((rows.len(), test.count().await), (1, 0));
    transaction.commit().await.unwrap();
    assert_eq!(test.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_statement_leaves_its_transaction_and_its_group_whole() {
    let test = TestStore::new().await;
    test.insert(1).await;
    let transaction = test.begin_insert(2).await;
    let failed = transaction.execute("INSERT INTO t (id) VALUES (1)", &[]);
    assert!(matches!(failed, Err(Error::Constraint(_))), "{failed:?}");
    transaction.commit().await.unwrap();
    assert_eq!(test.ids().await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_committed_later_becomes_durable_by_itself() {
    let test = TestStore::new().await;
    test.begin_insert(1).await.commit_later().unwrap();
    let durable = async {
        while test.count().await == 0 {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(5), durable).await;
    in_time.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_has_every_transaction_that_was_kept() {
    let test = TestStore::new().await;
    test.begin_insert(1).await.commit_later().unwrap();
    test.store.close().await;
    let store = ServiceStore::open_snapshot(&test.folder.path().join("s.sqlite")).unwrap();
    assert_eq!(TestStore { store, ..test }.count().await, 1);
}

/// Other threads make the first commits, and on a quick disk the writer's thread makes the rest.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_commit_of_a_lone_writer_is_in_the_file_whichever_thread_made_it() {
    let test = TestStore::new().await;
    let file = test.folder.path().join("s.sqlite");
    for count in 1..=50 {
        test.insert(count).await;
        let other = rusqlite::Connection::open(&file).unwrap();
        let found = other.query_row("SELECT count(*) FROM t", [], |row| row.get(0));
        assert_eq!(found, Ok(count));
    }
}

/// A file system in memory is a quick disk.
#[tokio::test(flavor = "multi_thread")]
async fn a_lone_writer_commits_on_its_own_thread_where_the_disk_is_quick() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    let test = TestStore::within(folder, BYTES_MAX).await;
    for _ in 0..10_000 {
        let transaction = test.begin().await;
        let insert = "INSERT INTO t (v) VALUES (hex(randomblob(8)))";
        transaction.execute(insert, &[]).unwrap();
        let mut commit = Box::pin(transaction.commit());
        match futures::poll!(commit.as_mut()) {
            std::task::Poll::Ready(done) => return done.unwrap(),
            std::task::Poll::Pending => commit.await.unwrap(),
        }
    }
    panic!("other threads made all commits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_holds_the_writer_too_long_is_undone() {
    let test = TestStore::new().await;
    let retire = Arc::new(AtomicBool::new(false));
    let slow = test.writer().begin(WRITE_TIME, Arc::clone(&retire)).await;
    let slow = slow.unwrap();
    let insert = "INSERT INTO t (id) VALUES (1)";
    slow.execute(insert, &[]).unwrap();
    // The next writer waits until the time of the slow one is over.
    test.insert(2).await;
    assert!(matches!(slow.execute(insert, &[]), Err(Error::TimedOut)));
    assert!(matches!(slow.commit().await, Err(Error::TimedOut)));
    assert!(retire.load(Relaxed), "its instance must go");
    assert_eq!(test.ids().await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_beyond_its_limits_is_refused() {
    let test = TestStore::new().await;
    let some = String::new;
    let rows = |count: u32, value: &str| {
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT";
        format!("{numbers} {count}) SELECT {value} FROM n")
    };
    let nested = |from: &str, inner: &str, depth| {
        let (begin, end) = (format!("(SELECT {from}").repeat(depth), ")".repeat(depth));
        format!("SELECT {from}{begin}{inner}{end}")
    };
    let calls = |call: &str, count| {
        let columns = vec![call; count];
        let columns = columns.chunks(12).map(|some| some.join(" + "));
        format!("SELECT {}", columns.collect::<Vec<_>>().join(", "))
    };
    let list = format!("1 IN (1{})", ", (SELECT id FROM t)".repeat(3_000));
    let (slow, quick) = ("('a' LIKE '%b')", "length('a')");
    // A single step that would take longer by SQLite's own function.
    let product = "SELECT instr(zeroblob(500000), zeroblob(250000) || x'01')".to_owned();
    for allowed in rows! { nested("", "1", 10), calls(slow, 8), calls(quick, 1_000), product } {
        test.read(&allowed).await.unwrap();
    }
    for (sql, expected) in rows! {
        ("INSERT INTO t (id) VALUES (1)", Error::Denied(some())), (ENDLESS, Error::TimedOut),
        (&rows(10_001, "i"), Error::TooLarge(some())),
        (&rows(9, "zeroblob(500000)"), Error::TooLarge(some())),
        // SQLite compiles what nests by recursion, on the stack of the guest.
        (&format!("SELECT 1 WHERE {list}"), Error::Invalid(some())),
        (&nested("", "1", 1_000), Error::Invalid(some())),
        (&nested("id FROM ", "t", 3_000), Error::Invalid(some())),
        // Without a loop it never looks at the time.
        (&calls(slow, 9), Error::Denied(some())), (&calls(quick, 1_001), Error::Denied(some())),
    } {
        let refused = test.read(sql).await.unwrap_err();
        assert!(is_same(&refused, &expected), "{sql}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_beyond_its_limits_is_refused_and_frees_the_writer() {
    let test = TestStore::new().await;
    let some = String::new;
    for (sql, expected) in [
        (INSERT_ENDLESSLY, Error::TimedOut),
        ("INSERT INTO t (id) VALUES (?1)", Error::Invalid(some())),
        ("CREATE VIEW v AS SELECT 1 AS a", Error::Denied(some())),
    ] {
        let refused = test.begin().await.execute(sql, &[]).unwrap_err();
        assert!(is_same(&refused, &expected), "{sql}: {refused:?}");
        test.write("INSERT INTO t (v) VALUES (NULL)").await.unwrap();
    }
    assert_eq!(test.count().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_learns_that_the_file_of_its_store_is_lost_or_damaged() {
    use std::os::unix::fs::FileExt as _;
    let damages: [fn(&Path) -> io::Result<()>; 3] = [
        |file| std::fs::remove_file(file),
        |file| std::fs::write(file, [b'x'; 4096]),
        |file| {
            let file = File::options().write(true).open(file)?;
            file.write_all_at(&[0xff; 8192], 4096)
        },
    ];
    for damage in damages {
        let test = TestStore::new().await;
        // Then the database has all that the log had.
        test.store.close().await;
        damage(test.store.file()).unwrap();
        let read = test.read("SELECT v FROM t").await;
        assert!(matches!(read, Err(Error::Io(_))), "{read:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_reaches_nothing_but_its_own_tables() {
    let test = TestStore::new().await;
    let other = test.folder.path().join("other.sqlite");
    // Afterwards the host has compiled its own statements, of which SQLite asks no more.
    test.begin_insert(1).await.commit_later().unwrap();
    test.insert(2).await;
    let path = other.display();
    let statements = format!(
        "ATTACH '{path}' AS other; VACUUM INTO '{path}'; DETACH main; VACUUM; \
         PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; \
         SELECT * FROM pragma_database_list; BEGIN; BEGIN IMMEDIATE; COMMIT; ROLLBACK; \
         SAVEPOINT guest; RELEASE guest;  RELEASE guest\n; release guest; ROLLBACK TO guest; \
         CREATE TEMP TABLE x (y); SELECT load_extension('x'); ANALYZE; \
         INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, '')"
    );
    for sql in statements.split("; ") {
        let read = test.read(sql).await;
        assert!(read.is_err(), "read {sql}: {read:?}");
        let transaction = test.begin().await;
        let written = transaction.execute(sql, &[]);
        assert!(written.is_err(), "write {sql}: {written:?}");
        transaction.commit().await.unwrap();
    }
    assert!(!other.exists());
    // The writer goes on.
    test.insert(3).await;
    assert_eq!(test.ids().await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_refuses_writes_and_goes_on_reading() {
    let test = TestStore::with(256 << 10).await;
    let insert = "INSERT INTO t (v) VALUES (hex(randomblob(8000)))";
    let mut outcome = Ok(0);
    while outcome.is_ok() && test.count().await < 100 {
        outcome = test.write(insert).await;
    }
    assert!(matches!(outcome, Err(Error::Full)), "{outcome:?}");
    assert!(test.count().await > 0);
    test.write("DELETE FROM t").await.unwrap();
    test.insert(1).await;
    assert_eq!(test.ids().await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_grows_when_its_limit_does() {
    let test = TestStore::with(64 << 10).await;
    let big = "INSERT INTO t (v) VALUES (hex(randomblob(100000)))";
    for (limit, is_room) in [(64 << 10, false), (BYTES_MAX, true), (64 << 10, false)] {
        test.store.resize(limit).await.unwrap();
        let is_full = matches!(test.write(big).await, Err(Error::Full));
        assert_eq!(is_full, !is_room, "{limit}");
    }
    assert_eq!(test.count().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_moved_into_the_database_while_writers_write() {
    let test = TestStore::new().await;
    for _ in 0..60 {
        let transaction = test.begin().await;
        for _ in 0..30 {
            let insert = "INSERT INTO t (v) VALUES (hex(randomblob(2000)))";
            transaction.execute(insert, &[]).unwrap();
        }
        transaction.commit().await.unwrap();
    }
    let database = test.folder.path().join("s.sqlite").metadata().unwrap();
    assert!(database.len() > 1 << 20, "{} bytes", database.len());
    assert_eq!(test.count().await, 1_800);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execute_passes_over_returned_rows_and_adds_a_column_to_a_strict_table() {
    let test = TestStore::new().await;
    let insert = "INSERT INTO t (id) VALUES (1), (2) RETURNING id";
    assert_eq!(test.write(insert).await.unwrap(), 2);
    assert_eq!(test.ids().await, [1, 2]);
    let add = "ALTER TABLE t ADD COLUMN w BLOB CHECK (length(w) = 16)";
    test.write(add).await.unwrap();
    let refused = test.write("UPDATE t SET w = x'00'").await;
    assert!(matches!(refused, Err(Error::Constraint(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_too_large_undoes_its_transaction() {
    let test = TestStore::new().await;
    let transaction = test.begin().await;
    let rows = transaction.query(INSERT_TOO_MANY, &[]);
    assert!(matches!(rows, Err(Error::TooLarge(_))), "{rows:?}");
    assert!(transaction.commit().await.is_err());
    assert_eq!(test.count().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_larger_than_sqlite_undoes_from_memory_is_kept_or_undone_whole() {
    let test = TestStore::new().await;
    let begin = async || {
        let begun = test.writer().begin(WRITE_TIME * 20, Arc::default()).await;
        begun.unwrap()
    };
    let numbers: Vec<String> = (0..3_000).map(|number| number.to_string()).collect();
    let numbers = Value::Text(format!("[{}]", numbers.join(",")));
    let fill = "INSERT INTO t (v) SELECT value || printf('%.600c', 'x') FROM json_each(?1)";
    let transaction = begin().await;
    transaction.execute(fill, &[numbers]).unwrap();
    transaction.commit().await.unwrap();
    // Each changes some 700 pages.
    for is_kept in [true, false, true] {
        let transaction = begin().await;
        let changed = transaction.execute("UPDATE t SET v = v || 'y'", &[]);
        assert_eq!(changed.unwrap(), 3_000);
        if is_kept {
            transaction.commit().await.unwrap();
        }
    }
    let twice = "SELECT count(*) FROM t WHERE v LIKE '%xyy'";
    assert_eq!(kit::ids(&test.read(twice).await.unwrap()), [3_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_clock_is_not_trusted_nothing_begins_nothing_is_kept_and_reads_go_on() {
    const DAY_MS: i64 = 86_400_000;
    let test = TestStore::new().await;
    let transaction = test.begin_insert(1).await;
    let store = test.store.clone();
    let waiting = tokio::spawn(async move {
        let writer = store.writer().unwrap();
        writer.begin(WRITE_TIME, Arc::default()).await.map(drop)
    });
    tokio::time::sleep(WRITE_TIME / 10).await;
    test.clocks.step(DAY_MS);
    assert!(matches!(transaction.commit().await, Err(Error::Clock)));
    assert!(matches!(waiting.await.unwrap(), Err(Error::Clock)));
    let refused = test.write("INSERT INTO t (id) VALUES (1)").await;
    assert!(matches!(refused, Err(Error::Clock)));
    assert_eq!(test.count().await, 0);
    test.clocks.step(-DAY_MS);
    test.insert(2).await;
}
