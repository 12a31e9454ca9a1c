//! `begin-query` and `commit-with`, as a guest calls them: each is what several calls were, whole or
//! not at all.

use super::super::bindings::{Change, HostTransaction as _};
use super::super::transaction::Turn;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use wasmtime::component::{Resource, ResourceTable};

const IDS: &str = "SELECT id FROM t ORDER BY id";
const INSERT: &str = "INSERT INTO t (id) VALUES (?1)";
const DELETE: &str = "DELETE FROM t WHERE id = ?1";
/// One step of SQLite's that takes longer than the call around it.
const CHANGE_SLOWLY: &str = "UPDATE t SET v = hex(randomblob(100000)) WHERE id = 1";

/// An instance that uses a store.
struct Guest {
    session: StoreSession,
    table: ResourceTable,
    retire: Arc<AtomicBool>,
}

impl Guest {
    fn of(fixture: &Fixture) -> Self {
        let retire = Arc::default();
        let times = StoreTimes {
            write_turn: TURN,
            read: READ,
        };
        Self {
            session: StoreSession::new(Some(fixture.store.clone()), times, Arc::clone(&retire)),
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

    async fn begin_query(&mut self, sql: &str) -> Result<(Resource<Turn>, Rows), Error> {
        let begun = self.view().begin_query(sql.to_owned(), Vec::new()).await;
        begun.unwrap()
    }

    /// Begins a transaction, and commits with these changes.
    async fn commit_with(&mut self, changes: Vec<Change>) -> Result<(), Error> {
        let turn = self.view().begin().await.unwrap()?;
        self.view().commit_with(turn, changes).await.unwrap()
    }
}

fn change(sql: &str, id: i64, rows: u64) -> Change {
    Change {
        sql: sql.to_owned(),
        params: vec![Value::Integer(id)],
        rows,
    }
}

fn ids(rows: &Rows) -> Vec<i64> {
    let id = |row: &Vec<Value>| match row[0] {
        Value::Integer(id) => id,
        ref other => panic!("{other:?}"),
    };
    rows.rows.iter().map(id).collect()
}

async fn ids_of(fixture: &Fixture) -> Vec<i64> {
    ids(&fixture.read(IDS).await.unwrap())
}

/// A change that its turn must run so many times.
fn slow_changes(count: usize) -> Vec<Change> {
    let slow = Change {
        sql: CHANGE_SLOWLY.to_owned(),
        params: Vec::new(),
        rows: 1,
    };
    vec![slow; count]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_query_comes_with_its_transaction() {
    let fixture = Fixture::new().await;
    let mut guest = Guest::of(&fixture);
    let (turn, rows) = guest.begin_query(IDS).await.unwrap();
    assert_eq!(ids(&rows), Vec::<i64>::new());
    assert!(guest.session.is_writing());
    let changes = vec![change(INSERT, 1, 1), change(INSERT, 2, 1)];
    let committed = guest.view().commit_with(turn, changes).await.unwrap();
    committed.unwrap();
    assert!(!guest.session.is_writing());
    assert_eq!(ids_of(&fixture).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_query_waits_for_the_turn_before_it() {
    let fixture = Fixture::new().await;
    let before = fixture.writer().begin(TURN, Arc::default()).await.unwrap();
    let mut guest = Guest::of(&fixture);
    let next = tokio::spawn(async move { ids(&guest.begin_query(IDS).await.unwrap().1) });
    before.execute(INSERT, &[Value::Integer(1)]).unwrap();
    before.commit().await.unwrap();
    assert_eq!(next.await.unwrap(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_query_that_fails_frees_the_writer() {
    let fixture = Fixture::new().await;
    let mut guest = Guest::of(&fixture);
    for (sql, name) in [("SELECT x", "invalid"), ("PRAGMA user_version", "denied")] {
        let error = guest.begin_query(sql).await.err().unwrap();
        let is_expected = match error {
            Error::Invalid(_) => name == "invalid",
            Error::Denied(_) => name == "denied",
            _ => false,
        };
        assert!(is_expected, "{sql}: {error:?}");
        assert!(!guest.session.is_writing());
    }
    // It does not wait until the time of a turn is over, at which the instance would have to go.
    fixture
        .write("INSERT INTO t (id) VALUES (1)")
        .await
        .unwrap();
    assert!(!guest.retire.load(Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_first_query_has_changed_is_undone_where_its_answer_is_too_large() {
    let fixture = Fixture::new().await;
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10001) INSERT INTO t (id) SELECT i FROM n RETURNING id";
    let error = Guest::of(&fixture).begin_query(insert).await.err();
    assert!(matches!(error, Some(Error::TooLarge(_))), "{error:?}");
    fixture
        .write("INSERT INTO t (id) VALUES (1)")
        .await
        .unwrap();
    assert_eq!(ids_of(&fixture).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_query_without_an_end_costs_the_instance_its_life() {
    let fixture = Fixture::new().await;
    let mut guest = Guest::of(&fixture);
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let error = guest.begin_query(endless).await.err();
    assert!(matches!(error, Some(Error::TimedOut)), "{error:?}");
    assert!(guest.retire.load(Relaxed));
    fixture
        .write("INSERT INTO t (id) VALUES (1)")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_has_one_transaction() {
    let fixture = Fixture::new().await;
    let mut guest = Guest::of(&fixture);
    let (turn, _) = guest.begin_query(IDS).await.unwrap();
    let error = guest.begin_query(IDS).await.err();
    assert!(matches!(error, Some(Error::Invalid(_))), "{error:?}");
    assert!(guest.session.is_writing());
    let kept = guest
        .view()
        .commit_with(turn, vec![change(INSERT, 1, 1)])
        .await;
    kept.unwrap().unwrap();
    assert_eq!(ids_of(&fixture).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_other_rows_says_which_change_and_keeps_nothing() {
    let fixture = Fixture::new().await;
    let mut guest = Guest::of(&fixture);
    let changes = vec![
        change(INSERT, 1, 1),
        change(DELETE, 2, 1),
        change(INSERT, 3, 1),
    ];
    let error = guest.commit_with(changes).await.unwrap_err();
    let expected =
        "change 2 of 3: 0 rows changed and not 1: DELETE FROM t WHERE id = ?1".to_owned();
    assert!(
        matches!(&error, Error::UnexpectedRows(text) if *text == expected),
        "{error:?}"
    );
    assert!(!guest.session.is_writing() && !guest.retire.load(Relaxed));
    assert_eq!(ids_of(&fixture).await, Vec::<i64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_a_change_that_fails_says_which_and_keeps_nothing() {
    let fixture = Fixture::new().await;
    let changes = vec![change(INSERT, 1, 1), change(INSERT, 1, 1)];
    let error = Guest::of(&fixture).commit_with(changes).await.unwrap_err();
    assert!(
        matches!(&error, Error::Constraint(text) if text.starts_with("change 2 of 2: UNIQUE")),
        "{error:?}"
    );
    assert_eq!(ids_of(&fixture).await, Vec::<i64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_other_rows_leaves_its_group_whole() {
    let fixture = Arc::new(Fixture::new().await);
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move {
                let expected = if number % 3 == 0 { 2 } else { 1 };
                let changes = vec![change(INSERT, number, expected)];
                Guest::of(&fixture).commit_with(changes).await.is_ok()
            })
        })
        .collect();
    let mut kept = Vec::new();
    for (task, number) in tasks.into_iter().zip(0..) {
        if task.await.unwrap() {
            kept.push(number);
        }
    }
    assert_eq!(kept.len(), 133);
    assert_eq!(ids_of(&fixture).await, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_with_after_the_time_of_its_turn_keeps_nothing() {
    let fixture = Fixture::new().await;
    let mut guest = Guest::of(&fixture);
    let (turn, _) = guest.begin_query(IDS).await.unwrap();
    // The next writer waits until the time of the first is over.
    fixture
        .write("INSERT INTO t (id) VALUES (2)")
        .await
        .unwrap();
    let changes = vec![change(INSERT, 1, 1)];
    let kept = guest.view().commit_with(turn, changes).await.unwrap();
    assert!(matches!(kept, Err(Error::TimedOut)), "{kept:?}");
    assert!(guest.retire.load(Relaxed));
    assert_eq!(ids_of(&fixture).await, [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_short_changes_have_the_time_of_a_turn_together() {
    let fixture = Fixture::new().await;
    fixture
        .write("INSERT INTO t (id) VALUES (1)")
        .await
        .unwrap();
    let mut guest = Guest::of(&fixture);
    let begun = std::time::Instant::now();
    let kept = guest.commit_with(slow_changes(100_000)).await;
    assert!(matches!(kept, Err(Error::TimedOut)), "{kept:?}");
    assert!(begun.elapsed() < TURN * 10, "{:?}", begun.elapsed());
    assert!(guest.retire.load(Relaxed));
    let changed = fixture.read("SELECT id FROM t WHERE v IS NOT NULL").await;
    assert_eq!(ids(&changed.unwrap()), Vec::<i64>::new());
}

#[test]
fn many_short_changes_let_other_requests_run() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let turns_of_another = runtime.block_on(async {
        let fixture = Fixture::new().await;
        fixture
            .write("INSERT INTO t (id) VALUES (1)")
            .await
            .unwrap();
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Relaxed);
                tokio::task::yield_now().await;
            }
        });
        // Both run on the one worker.
        let changes = async move {
            let turn = fixture.writer().begin(READ, Arc::default()).await.unwrap();
            let before = count.load(Relaxed);
            let ended = turn.change_all(&slow_changes(100_000)).await;
            assert!(matches!(ended, Err(Error::TimedOut)), "{ended:?}");
            count.load(Relaxed) - before
        };
        tokio::spawn(changes).await.unwrap()
    });
    runtime.shutdown_background();
    assert!(turns_of_another > 1, "{turns_of_another} turns");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_changes_no_rows_has_not_the_count_of_the_one_before() {
    let fixture = Fixture::new().await;
    let create = Change {
        sql: "CREATE TABLE u (id INTEGER) STRICT".to_owned(),
        params: Vec::new(),
        rows: 0,
    };
    let changes = vec![change(INSERT, 1, 1), create];
    Guest::of(&fixture).commit_with(changes).await.unwrap();
    assert_eq!(ids_of(&fixture).await, [1]);
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
            let fixture = Fixture::new().await;
            let mut kept = BTreeSet::new();
            for commit in commits {
                let mut changed = kept.clone();
                let mut is_good = true;
                let mut changes = Vec::new();
                for (is_insert, id, luck) in commit {
                    let is_changed = if is_insert { changed.insert(id) } else { changed.remove(&id) };
                    // Some are wrong about what happens.
                    let rows = if luck == 0 { 2 } else { u64::from(is_changed) };
                    // An id that is there is refused by the table, and not passed over.
                    is_good &= luck != 0 && (is_changed || !is_insert);
                    changes.push(change(if is_insert { INSERT } else { DELETE }, id, rows));
                }
                let outcome = Guest::of(&fixture).commit_with(changes).await;
                assert_eq!(outcome.is_ok(), is_good, "{outcome:?}");
                if is_good {
                    kept = changed;
                }
                assert_eq!(ids_of(&fixture).await, kept.iter().copied().collect::<Vec<_>>());
            }
        });
    }
}
