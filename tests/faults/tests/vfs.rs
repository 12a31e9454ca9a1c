//! SQLite over the VFS: it behaves as over the system's, until the plan has it otherwise.
//!
//! A process has one plan, and a power loss ends it. So each case runs in a process of its own, which says what it was acknowledged, and
//! the test looks at the files after.

use rusqlite::Connection;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};
use strongroom_faults::Operation;
use tempfile::TempDir;

const PROCESS: &str = "a_process_with_a_plan";
const FILE_VARIABLE: &str = "STRONGROOM_TEST_FILE";
const SYNCHRONOUS_VARIABLE: &str = "STRONGROOM_TEST_SYNCHRONOUS";
const SIGKILL: i32 = 9;
const ROWS: i64 = 20;

/// What became of a process that writes a row with each commit, and moves the log into the database after every fifth.
struct Run {
    folder: TempDir,
    output: Output,
}

impl Run {
    fn of(plan: &str, synchronous: &str) -> Self {
        Self::of_process(PROCESS, plan, synchronous)
    }

    fn of_process(process: &str, plan: &str, synchronous: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Command::new(std::env::current_exe().expect("this file"))
            .args(["--exact", process, "--ignored", "--nocapture"])
            .env(FILE_VARIABLE, folder.path().join("accounts.sqlite"))
            .env(SYNCHRONOUS_VARIABLE, synchronous)
            .env(strongroom_faults::PLAN_VARIABLE, plan)
            .output()
            .expect("the process starts");
        Self { folder, output }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The first row that a commit has acknowledged, to the last.
    fn acknowledged(&self) -> Vec<i64> {
        let said = self.said();
        let rows = said
            .lines()
            .filter_map(|line| line.strip_prefix("committed "));
        rows.map(|row| row.parse().expect("a number")).collect()
    }

    fn errors(&self) -> Vec<String> {
        let said = self.said();
        let errors = said.lines().filter_map(|line| line.strip_prefix("failed "));
        errors.map(str::to_owned).collect()
    }

    /// How many syncs there were, each time that the process says it.
    fn syncs(&self) -> Vec<u64> {
        let said = self.said();
        let counts = said.lines().filter_map(|line| line.strip_prefix("syncs "));
        counts
            .map(|count| count.parse().expect("a number"))
            .collect()
    }

    /// Whether every row that was acknowledged is found without faults, in a database that is sound.
    fn has_kept_all(&self) -> bool {
        let connection = Connection::open(self.folder.path().join("accounts.sqlite"))
            .expect("the database answers");
        let sound = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0));
        let is_sound = sound.is_ok_and(|found: String| found == "ok");
        let has_row = |row: &i64| {
            let found = connection.query_row("SELECT b FROM t WHERE id = ?1", [row], |_| Ok(()));
            found.is_ok()
        };
        is_sound && self.acknowledged().iter().all(has_row)
    }

    /// The rows that are found without faults.
    fn found(&self) -> Vec<i64> {
        let Ok(connection) = Connection::open(self.folder.path().join("accounts.sqlite")) else {
            panic!("the database opens: {}", self.log());
        };
        let is_sound: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("the database answers");
        assert_eq!(is_sound, "ok");
        let Ok(mut statement) = connection.prepare("SELECT id FROM t ORDER BY id") else {
            return Vec::new();
        };
        let rows = statement
            .query_map([], |row| row.get(0))
            .expect("the database answers");
        rows.collect::<Result<_, _>>()
            .expect("the database answers")
    }
}

#[test]
#[ignore = "this is the process that the other tests start"]
fn a_process_with_a_plan() {
    let variable = |name| std::env::var(name).expect("one of the other tests has started this");
    let _started = strongroom_faults::start();
    // What runs this test may have begun a line.
    println!();
    let file = variable(FILE_VARIABLE);
    let say = |line: String| {
        std::io::stdout()
            .write_all(format!("{line}\n").as_bytes())
            .unwrap()
    };
    let connection = match open(Path::new(&file), &variable(SYNCHRONOUS_VARIABLE)) {
        Ok(connection) => connection,
        Err(error) => return say(format!("failed {}", code(&error))),
    };
    for row in 1..=ROWS {
        let insert = "INSERT INTO t VALUES (?1, zeroblob(3000))";
        match connection.execute(insert, [row]) {
            Ok(_) => say(format!("committed {row}")),
            Err(error) => say(format!("failed {}", code(&error))),
        }
        if row % 5 == 0
            && let Err(error) =
                connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        {
            say(format!("failed {}", code(&error)));
        }
    }
}

/// A checkpoint copies the older half of the log, since a reader needs that; the next one the rest, and once more if its sync fails. Then
/// the log begins anew.
#[test]
#[ignore = "this is the process that another test starts"]
fn a_process_that_tries_a_checkpoint_again() {
    let variable = |name| std::env::var(name).expect("the other test has started this");
    let _started = strongroom_faults::start();
    // What runs this test may have begun a line.
    println!();
    let file = variable(FILE_VARIABLE);
    let say = |line: String| {
        std::io::stdout()
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    };
    let syncs = || strongroom_faults::counts().of("accounts", Operation::Sync);
    let connection = open(Path::new(&file), "FULL").unwrap();
    let write = |row: i64| {
        let insert = "INSERT INTO t VALUES (?1, zeroblob(3000))";
        connection.execute(insert, [row]).unwrap();
        say(format!("committed {row}"));
    };
    let checkpoint = || {
        let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
        connection.query_row(checkpoint, [], |_| Ok(()))
    };
    (1..5).for_each(write);
    let reader = Connection::open(&file).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM t")
        .unwrap();
    (5..9).for_each(write);
    checkpoint().unwrap();
    drop(reader);
    say(format!("\nsyncs {}", syncs()));
    if checkpoint().is_err() {
        checkpoint().unwrap();
    }
    write(9);
    say(format!("syncs {}", syncs()));
    write(10);
}

fn open(file: &Path, synchronous: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // No page may be answered from memory.
    connection.pragma_update(None, "cache_size", 1)?;
    connection.execute_batch("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, b BLOB)")?;
    Ok(connection)
}

fn code(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => failure.extended_code.to_string(),
        other => other.to_string(),
    }
}

#[test]
fn without_a_fault_nothing_differs_and_the_end_tells_the_counts() {
    let run = Run::of("count", "FULL");
    let all: Vec<i64> = (1..=ROWS).collect();
    assert_eq!((run.acknowledged(), run.found()), (all.clone(), all));
    let log = run.log();
    let counts = log
        .lines()
        .find_map(|line| line.strip_prefix("strongroom-faults: counts "));
    let counts = counts.expect(&log);
    for operation in ["read", "write", "sync", "truncate", "open"] {
        assert!(
            counts.contains(&format!("accounts:op.{operation}=")),
            "{counts}"
        );
    }
}

#[test]
fn what_was_acknowledged_outlives_the_power_and_nothing_else_does() {
    for model in ["drop", "reorder", "torn"] {
        for at in 1.. {
            let plan = format!("power-loss store=accounts at={at} model={model} seed={at}");
            let run = Run::of(&plan, "FULL");
            if run.output.status.signal() != Some(SIGKILL) {
                assert!(at > ROWS, "{plan}: {}", run.log());
                break;
            }
            assert_eq!(
                run.log()
                    .matches("strongroom-faults: fired power-loss")
                    .count(),
                1,
                "{plan}"
            );
            let (acknowledged, found) = (run.acknowledged(), run.found());
            assert!(
                found.starts_with(&acknowledged),
                "{plan}: {acknowledged:?}, {found:?}"
            );
            // The one of which the sync did not take effect may have come to the disk by itself, but not where nothing does.
            let more = found.len() - acknowledged.len();
            assert!(more <= usize::from(model != "drop"), "{plan}: {found:?}");
        }
    }
}

#[test]
fn a_writer_that_does_not_wait_loses_what_it_acknowledged() {
    let is_lossy = |at: &i64| {
        let run = Run::of(
            &format!("power-loss store=accounts at={at} model=drop"),
            "NORMAL",
        );
        run.found().len() < run.acknowledged().len()
    };
    assert!((1..10).any(|at| is_lossy(&at)));
}

#[test]
fn errors_are_those_of_the_system() {
    use rusqlite::ffi::{
        SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE,
        SQLITE_IOERR_WRITE,
    };
    for (operation, code, expected) in [
        // SQLite says this of a disk that cannot be read: it cannot tell one from the other.
        ("read", "EIO", SQLITE_CORRUPT),
        ("write", "EIO", SQLITE_IOERR_WRITE),
        ("write", "ENOSPC", SQLITE_FULL),
        ("sync", "EIO", SQLITE_IOERR_FSYNC),
        ("truncate", "EIO", SQLITE_IOERR_TRUNCATE),
        ("open", "EIO", SQLITE_CANTOPEN),
    ] {
        let seen: Vec<String> = (1..12)
            .flat_map(|at| {
                Run::of(
                    &format!("error store=accounts op={operation} at={at} code={code}"),
                    "FULL",
                )
                .errors()
            })
            .collect();
        let is_expected = |found: &String| found.parse() == Ok(expected);
        assert!(
            !seen.is_empty() && seen.iter().any(is_expected),
            "{operation} {code}: {seen:?}"
        );
    }
}

#[test]
fn an_error_for_good_is_told_of_once_and_comes_each_time() {
    let run = Run::of(
        "error store=accounts op=sync at=10 code=EIO for=good",
        "FULL",
    );
    assert!(run.errors().len() > 5, "{:?}", run.errors());
    assert_eq!(run.log().matches("strongroom-faults: fired").count(), 1);
}

#[test]
fn a_plan_that_is_not_understood_ends_the_process() {
    let run = Run::of("error store=accounts op=burn at=1 code=EIO", "FULL");
    assert_eq!(run.output.status.code(), Some(2));
    assert!(run.log().contains("`op=burn`"), "{}", run.log());
    assert_eq!(run.said().matches("committed").count(), 0);
}

/// Why a host must end when the sync of a checkpoint fails, and not make the checkpoint again.
#[test]
fn a_checkpoint_that_is_tried_again_after_its_sync_failed_loses_what_an_earlier_one_copied() {
    const PROCESS: &str = "a_process_that_tries_a_checkpoint_again";
    let whole = Run::of_process(PROCESS, "", "FULL");
    assert!(whole.has_kept_all(), "{}", whole.log());
    // The log is synced first, then the database.
    let at = whole.syncs()[0] + 2;
    let error = format!("error store=accounts op=sync at={at} code=EIO");
    let failed = Run::of_process(PROCESS, &error, "FULL");
    let end = failed.syncs()[1] + 1;
    let plan = format!("{error}; power-loss store=accounts at={end} model=drop");
    let lost = Run::of_process(PROCESS, &plan, "FULL");
    assert_eq!(lost.acknowledged().last(), Some(&9), "{}", lost.log());
    assert!(!lost.has_kept_all(), "{}", lost.log());
    // It is not the power loss.
    let end = whole.syncs()[1] + 1;
    let plan = format!("power-loss store=accounts at={end} model=drop");
    let kept = Run::of_process(PROCESS, &plan, "FULL");
    assert_eq!(kept.acknowledged().last(), Some(&9), "{}", kept.log());
    assert!(kept.has_kept_all(), "{}", kept.log());
}
