//! A folder that appears whole or not at all.

use anyhow::Context as _;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A folder under another name, until it is whole. Dropped before that, it is removed.
pub struct NewFolder {
    target: PathBuf,
    partial: PathBuf,
    is_whole: bool,
}

impl NewFolder {
    /// Begins a folder that will be `target`.
    ///
    /// # Errors
    /// `target` has something in it, or cannot be made.
    pub fn begin(target: &Path) -> anyhow::Result<Self> {
        let target = std::path::absolute(target)?;
        let shown = target.display();
        match std::fs::read_dir(&target) {
            Ok(mut entries) => anyhow::ensure!(
                entries.next().is_none(),
                "{shown} is not empty; name a folder that does not exist"
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| shown.to_string()),
        }
        let name = target
            .file_name()
            .with_context(|| format!("{shown} has no name"))?;
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(".partial");
        let partial = target.with_file_name(beside);
        remove(&partial).with_context(|| partial.display().to_string())?;
        Ok(Self {
            target,
            partial,
            is_whole: false,
        })
    }

    /// Where its files go.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Gives it its name, durably.
    ///
    /// # Errors
    /// The system's, such as that the target has something in it by now.
    pub fn finish(mut self) -> anyhow::Result<()> {
        // A rename replaces an empty folder.
        std::fs::rename(&self.partial, &self.target)
            .with_context(|| self.target.display().to_string())?;
        self.is_whole = true;
        if let Some(above) = self.target.parent() {
            File::open(above)
                .and_then(|folder| folder.sync_all())
                .with_context(|| above.display().to_string())?;
        }
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if self.is_whole {
            return;
        }
        if let Err(error) = remove(&self.partial) {
            eprintln!("strongroom: {} is left: {error}", self.partial.display());
        }
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_its_name_only_when_it_is_whole() {
        let above = tempfile::tempdir().unwrap();
        let target = above.path().join("bank");
        let begin = || {
            let folder = NewFolder::begin(&target).unwrap();
            std::fs::create_dir(folder.path()).unwrap();
            std::fs::write(folder.path().join("file"), "content").unwrap();
            folder
        };
        drop(begin());
        assert_eq!(std::fs::read_dir(above.path()).unwrap().count(), 0);
        std::fs::create_dir(&target).unwrap();
        begin().finish().unwrap();
        assert_eq!(std::fs::read(target.join("file")).unwrap(), b"content");
        assert_eq!(std::fs::read_dir(above.path()).unwrap().count(), 1);
        let error = NewFolder::begin(&target).err().unwrap().to_string();
        assert!(error.contains("is not empty"), "{error}");
    }
}
