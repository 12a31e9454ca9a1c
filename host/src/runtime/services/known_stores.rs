//! The names of the services whose stores were made. A store that is lost, by a folder that is not
//! mounted or a file that somebody has removed, must not be taken for one that never was: a bank
//! would go on without its users.

use crate::durable_file::replace;
use crate::regular_file::if_there;
use std::io;
use std::path::{Path, PathBuf};

/// A name on each line.
const FILE_NAME: &str = "known-stores";

/// Whether a store's file is not there, or was emptied.
pub fn is_missing(store: &Path) -> bool {
    match std::fs::metadata(store) {
        Ok(metadata) => metadata.len() == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Refuses to make the store of a service that had one.
///
/// # Errors
/// In words: it had one, or the file of the names cannot be read.
pub fn check_new(data: &Path, service: &str, store: &Path) -> Result<(), String> {
    let file = file(data);
    let known = read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    if !is_known(&known, service) {
        return Ok(());
    }
    Err(format!(
        "the service had a store, and {} is not there or empty: its data is gone; restore a backup, or \
         remove the line `{service}` from {} to begin with an empty store",
        store.display(),
        file.display()
    ))
}

/// Notes that a service has a store.
///
/// # Errors
/// The system's.
pub fn note(data: &Path, service: &str) -> io::Result<()> {
    let file = file(data);
    let known = read(&file)?;
    if is_known(&known, service) {
        return Ok(());
    }
    replace(&file, format!("{known}{service}\n").as_bytes())
}

fn file(data: &Path) -> PathBuf {
    data.join(FILE_NAME)
}

fn read(file: &Path) -> io::Result<String> {
    Ok(if_there(std::fs::read_to_string(file))?.unwrap_or_default())
}

fn is_known(known: &str, service: &str) -> bool {
    known.lines().any(|line| line == service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_made_once_and_again_only_where_its_line_is_removed() {
        let data = tempfile::tempdir().unwrap();
        let check = |service| check_new(data.path(), service, Path::new("a.sqlite"));
        check("auth").unwrap();
        for service in ["auth", "token", "auth"] {
            note(data.path(), service).unwrap();
        }
        let file = data.path().join(FILE_NAME);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "auth\ntoken\n");
        let refused = check("auth").unwrap_err();
        let told = "a.sqlite is not there or empty";
        assert!(refused.contains(told), "{refused}");
        check("aut").unwrap();
        std::fs::write(&file, "token\n").unwrap();
        check("auth").unwrap();
    }
}
