//! SQLite over the VFS behaves as over the system's, except for the faults of the plan.
//!
//! A process has one plan, and a power loss ends it. So each case runs in a process of its own,
//! which prints its acknowledgements, and the test looks at the files afterwards.

use rusqlite::Connection;
use std::process::{Command, Output};
use strongroom_faults::Operation;
use tempfile::TempDir;

const FILE_VARIABLE: &str = "STRONGROOM_TEST_FILE";
const WRITES: &str = "a_process_with_a_plan";

/// A process that has ended, with its files.
struct Run {
    folder: TempDir,
    output: Output,
}

impl Run {
    fn of(process: &str, plan: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Command::new(std::env::current_exe().expect("this file"))
            .args(["--exact", process, "--ignored", "--nocapture"])
            .env(FILE_VARIABLE, folder.path().join("accounts.sqlite"))
            .env(strongroom_faults::PLAN_VARIABLE, plan)
            .output()
            .expect("the process starts");
        Self { folder, output }
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The numbers of the lines that begin with this word.
    fn printed(&self, word: &str) -> Vec<i64> {
        let text = String::from_utf8_lossy(&self.output.stdout);
        let words = text.lines().filter_map(|line| line.split_once(' '));
        words
            .filter(|(first, _)| *first == word)
            .map(|(_, number)| number.parse().expect("a number"))
            .collect()
    }

    /// Whether the rows of all acknowledged commits are found without faults, in a whole database.
    fn has_kept_all(&self) -> bool {
        let connection = Connection::open(self.folder.path().join("accounts.sqlite"));
        let connection = connection.expect("a database");
        let check = "PRAGMA integrity_check";
        let check = connection.query_row(check, [], |row| row.get::<_, String>(0));
        let is_found = |row: &i64| {
            let select = "SELECT id FROM t WHERE id = ?1";
            connection.query_row(select, [row], |_| Ok(())).is_ok()
        };
        check.is_ok_and(|found| found == "ok") && self.printed("committed").iter().all(is_found)
    }
}

/// Begins the process's side of a run: it prints one line for each event. Returns its file.
fn start() -> (String, strongroom_faults::Started) {
    let started = strongroom_faults::start();
    // The test runner may have begun a line.
    println!();
    let file = std::env::var(FILE_VARIABLE).expect("another test has started this");
    (file, started)
}

fn open(file: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // SQLite must not read pages from memory.
    connection.pragma_update(None, "cache_size", 1)?;
    connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)")?;
    Ok(connection)
}

fn print_error(error: rusqlite::Error) {
    let failure = error.sqlite_error().expect("SQLite has failed");
    println!("failed {}", failure.extended_code);
}

fn insert(connection: &Connection, row: i64) -> rusqlite::Result<()> {
    let insert = "INSERT INTO t VALUES (?1, zeroblob(3000))";
    connection.execute(insert, [row])?;
    println!("committed {row}");
    Ok(())
}

fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Writes a row with each commit, and moves the log into the database after every fifth.
#[test]
#[ignore = "this is the process that the other tests start"]
fn a_process_with_a_plan() {
    let (file, _started) = start();
    let connection = match open(&file) {
        Ok(connection) => connection,
        Err(error) => return print_error(error),
    };
    for row in 1..=20 {
        insert(&connection, row).unwrap_or_else(print_error);
        if row % 5 == 0 {
            checkpoint(&connection).unwrap_or_else(print_error);
        }
    }
}

/// A checkpoint copies the older half of the log, as a reader needs that. The next one copies the
/// rest, and runs again if its sync fails. Then the log starts over.
#[test]
#[ignore = "this is the process that another test starts"]
fn a_process_that_retries_a_checkpoint() {
    let (file, _started) = start();
    let print_syncs = || {
        let count = strongroom_faults::counts().of("accounts", Operation::Sync);
        println!("syncs {count}");
    };
    let connection = open(&file).unwrap();
    let write = |row| insert(&connection, row).unwrap();
    (1..5).for_each(write);
    let reader = Connection::open(&file).unwrap();
    let read = "BEGIN; SELECT count(*) FROM t";
    reader.execute_batch(read).unwrap();
    (5..9).for_each(write);
    checkpoint(&connection).unwrap();
    drop(reader);
    print_syncs();
    if checkpoint(&connection).is_err() {
        checkpoint(&connection).unwrap();
    }
    write(9);
    print_syncs();
    write(10);
}

#[test]
fn errors_are_those_of_the_system() {
    use rusqlite::ffi::{
        SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE,
        SQLITE_IOERR_WRITE,
    };
    for (operation, code, expected) in [
        // SQLite returns this code for a disk that cannot be read.
        ("read", "EIO", SQLITE_CORRUPT),
        ("write", "EIO", SQLITE_IOERR_WRITE),
        ("write", "ENOSPC", SQLITE_FULL),
        ("sync", "EIO", SQLITE_IOERR_FSYNC),
        ("truncate", "EIO", SQLITE_IOERR_TRUNCATE),
        ("open", "EIO", SQLITE_CANTOPEN),
    ] {
        let is_seen = (1..12).any(|at| {
            let plan = format!("error store=accounts op={operation} at={at} code={code}");
            let failed = Run::of(WRITES, &plan).printed("failed");
            failed.contains(&expected.into())
        });
        assert!(is_seen, "{operation} {code}");
    }
}

#[test]
fn an_error_for_good_is_printed_once_and_comes_each_time() {
    let plan = "error store=accounts op=sync at=10 code=EIO for=good";
    let run = Run::of(WRITES, plan);
    assert!(run.printed("failed").len() > 5, "{}", run.log());
    assert_eq!(run.log().matches("strongroom-faults: fired").count(), 1);
}

/// So a host must end when the sync of a checkpoint fails, and must not retry the checkpoint.
#[test]
fn a_retried_checkpoint_whose_sync_failed_loses_what_an_earlier_one_copied() {
    const PROCESS: &str = "a_process_that_retries_a_checkpoint";
    let whole = Run::of(PROCESS, "");
    assert!(whole.has_kept_all(), "{}", whole.log());
    // The log is synced first, then the database.
    let at = whole.printed("syncs")[0] + 2;
    let error = format!("error store=accounts op=sync at={at} code=EIO");
    let failed = Run::of(PROCESS, &error);
    let end = failed.printed("syncs")[1] + 1;
    let plan = format!("{error}; power-loss store=accounts at={end} model=drop");
    let lost = Run::of(PROCESS, &plan);
    assert_eq!(lost.printed("committed").last(), Some(&9), "{}", lost.log());
    assert!(!lost.has_kept_all(), "{}", lost.log());
    // It is not the power loss.
    let end = whole.printed("syncs")[1] + 1;
    let plan = format!("power-loss store=accounts at={end} model=drop");
    let kept = Run::of(PROCESS, &plan);
    assert_eq!(kept.printed("committed").last(), Some(&9), "{}", kept.log());
    assert!(kept.has_kept_all(), "{}", kept.log());
}
