//! Goal: a copy is the store at one moment, and a kept log misses nothing, whatever guests write.

use super::super::copy::DatabaseFile;
use super::super::{LogKeeper, LogPosition, ServiceStore, StoreFiles, open_database};
use super::kit::TestStore;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

fn copy(from: &mut dyn io::Read, bytes: u64, to: &Path) {
    let mut file = File::create(to).unwrap();
    let copied = io::copy(&mut from.take(bytes), &mut file).unwrap();
    assert_eq!(copied, bytes, "{}", to.display());
}

/// Copies the files of a store to `s.sqlite` of a folder.
fn copy_all(mut files: StoreFiles, folder: &Path) {
    let database = folder.join("s.sqlite");
    let bytes = files.database.bytes;
    copy(&mut files.database, bytes, &database);
    if !files.log.is_empty() {
        let mut log = File::open(&files.log.log).unwrap();
        copy(&mut log, files.log.bytes, &folder.join("s.sqlite-wal"));
    }
}

/// The ids of a copy, which is whole.
fn ids_of(folder: &Path) -> Vec<i64> {
    let sqlite = Connection::open(folder.join("s.sqlite")).unwrap();
    let check = "PRAGMA integrity_check";
    let verdict: String = sqlite.query_row(check, [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut statement = sqlite.prepare("SELECT id FROM t ORDER BY id").unwrap();
    let ids = statement.query_map([], |row| row.get(0)).unwrap();
    ids.collect::<Result<_, _>>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_of_its_moment_although_the_log_starts_over_meanwhile() {
    for has_checkpoint in [false, true] {
        let test = Arc::new(TestStore::new().await);
        for id in 0..20 {
            test.insert(id).await;
        }
        if has_checkpoint {
            // The next commit overwrites the log, as it has no keeper.
            assert!(test.store.keep_log().is_err());
        }
        let folder = tempfile::tempdir().unwrap();
        let (writing, target) = (Arc::clone(&test), folder.path().to_owned());
        let runtime = tokio::runtime::Handle::current();
        let copied = tokio::task::spawn_blocking(move || {
            writing.store.copy_files::<io::Error>(|files| {
                runtime.block_on(async {
                    for id in 20..60 {
                        writing.insert(id).await;
                    }
                });
                copy_all(files, &target);
                Ok(None)
            })
        });
        copied.await.unwrap().unwrap();
        assert_eq!(ids_of(folder.path()), (0..20).collect::<Vec<_>>());
        assert_eq!(test.count().await, 60);
    }
}

/// Each log, and its content.
type Logs = Vec<(LogPosition, Vec<u8>)>;

struct Keeper(Arc<Mutex<Logs>>);

impl LogKeeper for Keeper {
    fn keep_up_to(&mut self, position: &LogPosition) -> io::Result<()> {
        if position.is_empty() {
            return Ok(());
        }
        let mut content = vec![0; usize::try_from(position.bytes).unwrap()];
        File::open(&position.log)?.read_exact(&mut content)?;
        let mut logs = self.0.lock();
        logs.pop_if(|(last, _)| last.salts == position.salts);
        logs.push((position.clone(), content));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_a_database_do_not_move_each_other() {
    let test = TestStore::new().await;
    let read_all = |mut database: DatabaseFile| {
        let mut content = Vec::new();
        database.read_to_end(&mut content).unwrap();
        content
    };
    let open = || open_database(test.store.file()).unwrap();
    let whole = read_all(open());
    let mut first = open();
    let mut page = [0; 4096];
    first.read_exact(&mut page).unwrap();
    assert_eq!(read_all(open()), whole);
    assert!(read_all(first) == whole[page.len()..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_log_has_every_commit_through_checkpoints_and_the_end() {
    let test = TestStore::new().await;
    let folder = tempfile::tempdir().unwrap();
    let logs = Arc::default();
    let mut keeper = Box::new(Keeper(Arc::clone(&logs)));
    let begun = test.store.copy_files::<io::Error>(|mut files| {
        let (database, bytes) = (folder.path().join("s.sqlite"), files.database.bytes);
        copy(&mut files.database, bytes, &database);
        keeper.keep_up_to(&files.log)?;
        Ok(Some(keeper))
    });
    begun.unwrap();
    let mut id = 0;
    // Some checkpoints find nothing, some come twice, and the last commits come with the end.
    for commits in [1, 0, 7, 0, 0, 30, 2, 1] {
        for _ in 0..commits {
            test.insert(id).await;
            id += 1;
        }
        test.store.keep_log().unwrap();
    }
    test.insert(id).await;
    test.store.close().await;
    let logs = std::mem::take(&mut *logs.lock());
    assert!(logs.len() > 2, "the log has started over");
    for (_, content) in logs {
        let mut file = File::create(folder.path().join("s.sqlite-wal")).unwrap();
        file.write_all(&content).unwrap();
        let sqlite = Connection::open(folder.path().join("s.sqlite")).unwrap();
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        sqlite.query_row(truncate, [], |_| Ok(())).unwrap();
    }
    assert_eq!(ids_of(folder.path()), (0..=id).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_can_be_kept_until_its_keeper_ends() {
    let test = TestStore::new().await;
    let keeper = Box::new(Keeper(Arc::default()));
    let begun = test.store.copy_files::<io::Error>(|_| Ok(Some(keeper)));
    begun.unwrap();
    test.store.keep_log().unwrap();
    test.store.end_keeping();
    assert!(test.store.keep_log().is_err());
}

#[tokio::test]
async fn a_row_that_breaks_a_constraint_of_its_table_is_found() {
    let test = TestStore::new().await;
    let create = "CREATE TABLE limited (v INTEGER CHECK (v > 0)) STRICT";
    test.write(create).await.unwrap();
    let snapshot = || ServiceStore::open_snapshot(test.store.file()).unwrap();
    assert_eq!(snapshot().check_file().unwrap().1, Vec::<String>::new());
    let sqlite = Connection::open(test.store.file()).unwrap();
    sqlite
        .execute_batch("PRAGMA ignore_check_constraints = on; INSERT INTO limited VALUES (0)")
        .unwrap();
    let found = snapshot().check_file().unwrap().1;
    assert_eq!(found, ["CHECK constraint failed in limited"]);
}
