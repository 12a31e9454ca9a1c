//! The model of a disk keeps what was synced, loses what was not, and never makes anything up.

use super::*;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use tempfile::TempDir;

/// A folder whose files change as a VFS changes them.
struct Folder {
    folder: TempDir,
    disk: Disk,
}

impl Folder {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            disk: Disk::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&mut self, name: &str) -> Opened {
        let path = self.path(name);
        let was_there = path.exists();
        let file = match was_there {
            true => File::options().read(true).write(true).open(&path),
            false => File::create_new(&path),
        };
        let file = file.unwrap();
        let id = self.disk.opened(&path, was_there);
        Opened { path, file, id }
    }

    /// A file that is on disk, with this content.
    fn durable(&mut self, name: &str, content: &[u8]) -> Opened {
        let opened = self.open(name);
        self.write(&opened, 0, content);
        self.sync(&opened);
        self.disk.folder_synced(&opened.path);
        opened
    }

    fn write(&mut self, opened: &Opened, offset: u64, new: &[u8]) {
        self.edit(opened, offset, Some(new));
    }

    /// Writes to a file, or has it end at a place.
    fn edit(&mut self, opened: &Opened, offset: u64, new: Option<&[u8]>) {
        let Opened { path, file, id } = opened;
        let old_size = file.metadata().unwrap().len();
        let rest = usize::try_from(old_size.saturating_sub(offset)).unwrap();
        let mut old = vec![0; new.map_or(rest, |new| rest.min(new.len()))];
        file.read_exact_at(&mut old, offset).unwrap();
        match new {
            Some(new) => file.write_all_at(new, offset).unwrap(),
            None => file.set_len(offset).unwrap(),
        }
        let edit = Edit {
            offset,
            old,
            old_size,
            new: new.map(<[u8]>::to_vec),
        };
        self.disk.changed(path, *id, edit);
    }

    fn sync(&mut self, opened: &Opened) {
        let mark = self.disk.mark();
        self.disk.synced(&opened.path, opened.id, mark);
    }

    fn remove(&mut self, name: &str) {
        let path = self.path(name);
        let content = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        self.disk.removed(&path, content);
    }

    /// The files when the power is back.
    fn lose_power(mut self, model: Model, seed: u64) -> Files {
        self.disk.lose_power(PowerLoss { model, seed }).unwrap();
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let read = |entry: std::io::Result<std::fs::DirEntry>| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        };
        entries.map(read).collect()
    }
}

type Files = BTreeMap<String, Vec<u8>>;

struct Opened {
    path: PathBuf,
    file: File,
    id: FileId,
}

fn files(files: &[(&str, &[u8])]) -> Files {
    let file = |(name, content): &(&str, &[u8])| ((*name).to_owned(), content.to_vec());
    files.iter().map(file).collect()
}

/// What a model makes of the same story, with many seeds.
fn outcomes(model: Model, story: impl Fn(&mut Folder)) -> BTreeSet<Files> {
    let tell = |seed| {
        let mut folder = Folder::new();
        story(&mut folder);
        folder.lose_power(model, seed)
    };
    (0..200).map(tell).collect()
}

/// What is left of a file after each story, when only what was synced is on disk.
#[test]
fn what_was_synced_stays_and_what_was_not_goes() {
    type Story<'s> = (&'s str, &'s [u8], fn(&mut Folder));
    let stories: [Story<'_>; 6] = [
        ("what was not synced goes", b"01xx456789", |folder| {
            let file = folder.durable("a", b"0123456789");
            folder.write(&file, 2, b"xx");
            folder.sync(&file);
            folder.write(&file, 4, b"yyyyyyyyyyyy");
            folder.edit(&file, 3, None);
            folder.write(&file, 8, b"z");
        }),
        ("a sync covers what came before it", b"1.", |folder| {
            let file = folder.durable("a", b"..");
            folder.write(&file, 0, b"1");
            let mark = folder.disk.mark();
            folder.write(&file, 1, b"2");
            folder.disk.synced(&file.path, file.id, mark);
        }),
        ("what a failed sync lost stays lost", b".2.", |folder| {
            let file = folder.durable("a", b"...");
            folder.write(&file, 0, b"1");
            folder.disk.sync_failed(&file.path, file.id);
            folder.write(&file, 1, b"2");
            folder.sync(&file);
            folder.write(&file, 2, b"3");
        }),
        ("a file that is written over has all", b"1.", |folder| {
            let file = folder.open("a");
            folder.write(&file, 0, b"1.");
            folder.disk.sync_failed(&file.path, file.id);
            folder.disk.written_over(&file.path);
            folder.write(&file, 1, b"2");
        }),
        ("a removed file changes no other", b"new", |folder| {
            let removed = folder.durable("a", b"old");
            folder.remove("a");
            let new = folder.durable("a", b"new");
            folder.write(&removed, 0, b"XXX");
            folder.write(&new, 0, b"N");
        }),
        ("the page cache can be handed on", b"..", |folder| {
            let file = folder.durable("a", b"..");
            folder.write(&file, 0, b"1");
            let text = serde_json::to_string(&folder.disk).unwrap();
            folder.disk = serde_json::from_str(&text).unwrap();
            let again = folder.open("a");
            folder.write(&again, 1, b"2");
        }),
    ];
    for (story, left, tell) in stories {
        let mut folder = Folder::new();
        tell(&mut folder);
        let left = files(&[("a", left)]);
        assert_eq!(folder.lose_power(Model::Drop, 0), left, "{story}");
    }
}

#[test]
fn writes_without_a_sync_come_to_the_disk_in_any_order() {
    let seen = outcomes(Model::Reorder, |folder| {
        let file = folder.durable("a", b"..");
        folder.write(&file, 0, b"1");
        folder.write(&file, 1, b"2");
    });
    let all = [&b".."[..], b"1.", b".2", b"12"].map(|content| files(&[("a", content)]));
    assert_eq!(seen, all.into());
}

#[test]
fn a_write_is_torn_between_sectors_only() {
    let seen = outcomes(Model::Torn, |folder| {
        let file = folder.durable("a", &[b'.'; 1_400]);
        folder.write(&file, 200, &[b'x'; 1_000]);
    });
    let torn = [200, 512, 1_024, 1_200].map(|end| {
        let mut content = vec![b'.'; 1_400];
        content[200..end].fill(b'x');
        files(&[("a", &content)])
    });
    assert_eq!(seen, torn.into());
}

#[test]
fn a_new_name_is_lost_with_its_file_until_the_folder_is_synced() {
    let story = |folder: &mut Folder| {
        folder.durable("a", b"a");
        let new = folder.open("b");
        folder.write(&new, 0, b"b");
        folder.sync(&new);
    };
    let lost = files(&[("a", b"a")]);
    let kept = files(&[("a", b"a"), ("b", b"b")]);
    assert_eq!(outcomes(Model::Drop, story), [lost.clone()].into());
    assert_eq!(outcomes(Model::Reorder, story), [lost, kept].into());
}

#[test]
fn a_removed_file_comes_back_unless_the_folder_is_synced() {
    let story = |folder: &mut Folder| {
        let file = folder.durable("a", b"old.");
        folder.write(&file, 0, b"OLD");
        folder.remove("a");
        let new = folder.open("a");
        folder.write(&new, 0, b"new");
        folder.sync(&new);
    };
    let old = files(&[("a", b"old.")]);
    let gone = files(&[]);
    let new = files(&[("a", b"new")]);
    assert_eq!(outcomes(Model::Drop, story), [old.clone()].into());
    let seen = outcomes(Model::Reorder, story);
    for possible in [&old, &gone, &new] {
        assert!(seen.contains(possible), "{possible:?}");
    }
    let synced = outcomes(Model::Reorder, |folder| {
        story(folder);
        let path = folder.path("a");
        folder.disk.folder_synced(&path);
    });
    assert_eq!(synced, [new].into());
}

#[test]
fn a_removed_file_that_was_never_there_for_sure_does_not_come_back() {
    let mut folder = Folder::new();
    let file = folder.open("a");
    folder.write(&file, 0, b"a");
    folder.remove("a");
    assert_eq!(folder.lose_power(Model::Drop, 0), files(&[]));
}

#[test]
fn shared_memory_is_gone() {
    let mut folder = Folder::new();
    folder.durable("a.sqlite", b"a");
    std::fs::write(folder.path("a.sqlite-shm"), b"index").unwrap();
    let kept = files(&[("a.sqlite", b"a")]);
    assert_eq!(folder.lose_power(Model::Reorder, 0), kept);
}
