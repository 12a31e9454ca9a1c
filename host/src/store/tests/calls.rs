//! `begin-query` and `commit-with`, as a guest calls them: several calls, whole or not at all.

use super::super::bindings::{self, Change, HostTransaction as _, Rows, Transaction};
use super::super::budget::Hold;
use super::super::faults::{FaultPoint, Hook, When, set};
use super::super::pace::Mode;
use super::kit::ids;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use tokio::task::JoinHandle;
use wasmtime::component::{Resource, ResourceTable};

const IDS: &str = "SELECT id FROM t ORDER BY id";
const INSERT: &str = "INSERT INTO t (id) VALUES (?1)";
const DELETE: &str = "DELETE FROM t WHERE id = ?1";
/// One step of SQLite's that takes longer than the call around it.
const CHANGE_SLOWLY: &str = "UPDATE t SET v = hex(randomblob(100000)) WHERE id = ?1";

/// An instance that uses a store.
struct TestGuest {
    session: StoreSession,
    table: ResourceTable,
    retire: Arc<AtomicBool>,
}

impl TestGuest {
    fn of(test: &TestStore) -> Self {
        let retire = Arc::default();
        let times = StoreTimes {
            write_turn: WRITE_TIME,
            read: READ_TIME,
        };
        Self {
            session: StoreSession::new(Some(test.store.clone()), times, Arc::clone(&retire)),
            table: ResourceTable::new(),
            retire,
        }
    }

    fn view(&mut self) -> StoreView<'_> {
        StoreView {
            session: &mut self.session,
            table: &mut self.table,
        }
    }

    async fn begin_query(&mut self, sql: &str) -> Result<(Resource<Transaction>, Rows), Error> {
        let begun = self.view().begin_query(sql.to_owned(), Vec::new()).await;
        begun.unwrap()
    }

    async fn end_with(
        &mut self,
        transaction: Resource<Transaction>,
        changes: Vec<Change>,
    ) -> Result<(), Error> {
        let ended = self.view().commit_with(transaction, changes).await;
        ended.unwrap()
    }

    /// Begins a transaction, and commits with these changes.
    async fn commit_with(&mut self, changes: Vec<Change>) -> Result<(), Error> {
        let transaction = self.view().begin().await.unwrap()?;
        self.end_with(transaction, changes).await
    }
}

fn change(sql: &str, id: i64, rows: u64) -> Change {
    Change {
        sql: sql.to_owned(),
        params: vec![Value::Integer(id)],
        rows,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_query_comes_with_the_one_transaction_of_its_instance_after_the_previous_one() {
    let test = TestStore::new().await;
    let mut guest = TestGuest::of(&test);
    let (transaction, rows) = guest.begin_query(IDS).await.unwrap();
    assert!(rows.is_empty());
    let second = guest.begin_query(IDS).await.err();
    assert!(matches!(second, Some(Error::Invalid(_))), "{second:?}");
    assert!(guest.session.is_writing());
    let changes = vec![change(INSERT, 1, 1), change(INSERT, 2, 1)];
    guest.end_with(transaction, changes).await.unwrap();
    assert!(!guest.session.is_writing());
    assert_eq!(test.ids().await, [1, 2]);

    let previous = test.begin().await;
    let next = tokio::spawn(async move { ids(&guest.begin_query(IDS).await.unwrap().1) });
    previous.execute(INSERT, &[Value::Integer(3)]).unwrap();
    previous.commit().await.unwrap();
    assert_eq!(next.await.unwrap(), [1, 2, 3]);
}

/// The next writer does not wait until the failed one's time is over, when its instance must go.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_query_that_fails_undoes_its_transaction_and_frees_the_writer() {
    let some = String::new;
    for (sql, expected, must_retire) in [
        ("SELECT x", Error::Invalid(some()), false),
        ("PRAGMA user_version", Error::Denied(some()), false),
        (INSERT_TOO_MANY, Error::TooLarge(some()), false),
        (ENDLESS, Error::TimedOut, true),
    ] {
        let test = TestStore::new().await;
        let mut guest = TestGuest::of(&test);
        let error = guest.begin_query(sql).await.err().unwrap();
        assert!(is_same(&error, &expected), "{sql}: {error:?}");
        assert!(!guest.session.is_writing());
        test.insert(1).await;
        assert_eq!(guest.retire.load(Relaxed), must_retire, "{sql}");
        assert_eq!(test.ids().await, [1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_a_change_that_fails_says_which_and_keeps_nothing() {
    let test = TestStore::new().await;
    let mut guest = TestGuest::of(&test);
    let insert = change(INSERT, 1, 1);
    let other_rows = vec![insert.clone(), change(DELETE, 2, 1), change(INSERT, 3, 1)];
    let Err(Error::UnexpectedRows(told)) = guest.commit_with(other_rows).await else {
        panic!("the rows are other ones")
    };
    let expected = "change 2 of 3: 0 rows changed and not 1: DELETE FROM t WHERE id = ?1";
    assert_eq!(told, expected);
    assert!(!guest.session.is_writing() && !guest.retire.load(Relaxed));
    let Err(Error::Constraint(told)) = guest.commit_with(vec![insert; 2]).await else {
        panic!("the id is there twice")
    };
    assert!(told.starts_with("change 2 of 2: UNIQUE"), "{told}");
    assert!(test.ids().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_dropped_or_fails_leaves_its_group_whole() {
    let test = Arc::new(TestStore::new().await);
    let tasks: Vec<_> = (0..200)
        .map(|id| {
            let test = Arc::clone(&test);
            tokio::spawn(async move {
                if id % 4 == 0 {
                    drop(test.begin_insert(id).await);
                    return None;
                }
                let expected = if id % 4 == 1 { 2 } else { 1 };
                let changes = vec![change(INSERT, id, expected)];
                let kept = TestGuest::of(&test).commit_with(changes).await;
                kept.is_ok().then_some(id)
            })
        })
        .collect();
    let mut kept = Vec::new();
    for task in tasks {
        kept.extend(task.await.unwrap());
    }
    assert_eq!(kept.len(), 100);
    assert_eq!(test.ids().await, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_after_the_time_of_its_transaction_keeps_nothing() {
    let test = TestStore::new().await;
    let mut guest = TestGuest::of(&test);
    let (transaction, _) = guest.begin_query(IDS).await.unwrap();
    // The next writer waits until the time of the first is over.
    test.insert(2).await;
    let insert = vec![change(INSERT, 1, 1)];
    let kept = guest.end_with(transaction, insert).await;
    assert!(matches!(kept, Err(Error::TimedOut)), "{kept:?}");
    assert!(guest.retire.load(Relaxed));
    assert_eq!(test.ids().await, [2]);
}

/// A task that gives way after each turn, and how many turns it had.
fn other_requests() -> (Arc<AtomicU64>, JoinHandle<()>) {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Relaxed);
            tokio::task::yield_now().await;
        }
    });
    (count, other)
}

/// All of it runs on one worker thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn many_short_changes_share_the_time_of_a_transaction_and_let_other_requests_run() {
    let test = TestStore::new().await;
    test.insert(1).await;
    let mut guest = TestGuest::of(&test);
    let (count, other) = other_requests();
    let changes = async move {
        let transaction = guest.view().begin().await.unwrap().unwrap();
        let (begun, before) = (std::time::Instant::now(), count.load(Relaxed));
        let slow_changes = vec![change(CHANGE_SLOWLY, 1, 1); 100_000];
        let kept = guest.end_with(transaction, slow_changes).await;
        assert!(matches!(kept, Err(Error::TimedOut)), "{kept:?}");
        assert!(begun.elapsed() < WRITE_TIME * 10, "{:?}", begun.elapsed());
        assert!(guest.retire.load(Relaxed));
        count.load(Relaxed) - before
    };
    let polls_of_other = tokio::spawn(changes).await.unwrap();
    other.abort();
    assert!(polls_of_other > 1, "{polls_of_other} polls");
    let changed = test.read("SELECT id FROM t WHERE v IS NOT NULL").await;
    assert!(changed.unwrap().is_empty());
}

/// All of it runs on one worker thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_long_statement_lets_other_requests_run_and_so_do_the_next_of_its_store() {
    let test = TestStore::new().await;
    let (count, other) = other_requests();
    let statements = async move {
        for hold in [Hold::Short, Hold::Long(Duration::MAX)] {
            tokio::task::yield_now().await;
            test.writer().queue().note(hold);
            let transaction = test.begin().await;
            let (begun, before) = (std::time::Instant::now(), count.load(Relaxed));
            let ended = transaction.query(ENDLESS, &[]);
            assert!(matches!(ended, Err(Error::TimedOut)), "{ended:?}");
            assert!(count.load(Relaxed) > before, "after {hold:?}");
            assert_eq!(test.writer().queue().mode(begun), Mode::OwnThread);
        }
    };
    tokio::spawn(statements).await.unwrap();
    other.abort();
}

/// SQLite has undone it with the statement that was stopped.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_must_go_that_drops_a_transaction_whose_time_is_over() {
    let test = TestStore::new().await;
    let mut guest = TestGuest::of(&test);
    let (transaction, _) = guest.begin_query(IDS).await.unwrap();
    let borrowed = Resource::new_borrow(transaction.rep());
    let mut view = guest.view();
    let written = view.execute(borrowed, INSERT_ENDLESSLY.to_owned(), Vec::new());
    assert!(matches!(written.unwrap(), Err(Error::TimedOut)));
    guest.view().drop(transaction).await.unwrap();
    assert!(guest.retire.load(Relaxed) && !guest.session.is_writing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_can_end_a_guest_before_its_call_and_after_it() {
    set(Hook {
        at_call: |store, call, when| {
            let ends = match call {
                FaultPoint::Read => matches!(when, When::Before),
                FaultPoint::CommitLater => matches!(when, When::After),
                _ => false,
            };
            // This process has the stores of other tests too.
            anyhow::ensure!(!ends || !store.to_string_lossy().contains("hooked"));
            Ok(())
        },
        synchronous: || "FULL",
        written_over: |_| (),
        arm: || (),
    });
    let folder = tempfile::Builder::new().prefix("hooked").tempdir();
    let test = TestStore::within(folder.unwrap(), BYTES_MAX).await;
    let mut guest = TestGuest::of(&test);
    let read = bindings::Host::query(&mut guest.view(), IDS.to_owned(), Vec::new()).await;
    assert!(read.is_err());
    let transaction = guest.view().begin().await.unwrap().unwrap();
    assert!(guest.view().commit_later(transaction).await.is_err());
    assert!(!guest.session.is_writing(), "the call has taken effect");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_changes_no_rows_has_not_the_count_of_the_previous_one() {
    let test = TestStore::new().await;
    let mut create = change("CREATE TABLE u (id INTEGER) STRICT", 0, 0);
    create.params.clear();
    let changes = vec![change(INSERT, 1, 1), create];
    TestGuest::of(&test).commit_with(changes).await.unwrap();
    assert_eq!(test.ids().await, [1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A commit keeps all of its changes, in their order, or none.
    #[test]
    fn a_commit_with_changes_keeps_all_or_none(
        commits in prop::collection::vec(
            prop::collection::vec((any::<bool>(), 0..4_i64, 0..10_u64), 1..6),
            1..6,
        ),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let test = TestStore::new().await;
            let mut kept = BTreeSet::new();
            for commit in commits {
                let mut changed = kept.clone();
                let mut is_good = true;
                let mut changes = Vec::new();
                for (is_insert, id, luck) in commit {
                    let is_changed = match is_insert {
                        true => changed.insert(id),
                        false => changed.remove(&id),
                    };
                    // Some expect another number of rows than they change.
                    let rows = if luck == 0 { 2 } else { u64::from(is_changed) };
                    // The table refuses an id that it has; it does not pass over it.
                    is_good &= luck != 0 && (is_changed || !is_insert);
                    changes.push(change(if is_insert { INSERT } else { DELETE }, id, rows));
                }
                let outcome = TestGuest::of(&test).commit_with(changes).await;
                assert_eq!(outcome.is_ok(), is_good, "{outcome:?}");
                if is_good {
                    kept = changed;
                }
                assert_eq!(test.ids().await, Vec::from_iter(kept.iter().copied()));
            }
        });
    }
}
