//! Files and folders that the host trusts, or that hold secrets: only the host's own user may own
//! or access them.

use crate::regular_file::{self, if_there};
use std::fs::{Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// What only the owner may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Write: the host trusts the content.
    Writing,
    /// Read and write: the content is secret.
    All,
}

impl Guard {
    fn forbidden(self) -> u32 {
        match self {
            Self::Writing => 0o022,
            Self::All => 0o077,
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Writing => "write to",
            Self::All => "read or write",
        }
    }
}

/// Checks that a file or folder belongs to the host's user, and that no other user has access.
///
/// # Errors
/// What is wrong, and what to do.
pub fn check(path: &Path, metadata: &Metadata, guard: Guard) -> io::Result<()> {
    check_as(rustix::process::geteuid().as_raw(), path, metadata, guard)
}

fn check_as(user: u32, path: &Path, metadata: &Metadata, guard: Guard) -> io::Result<()> {
    let refused = |problem| Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
    let owner = metadata.uid();
    let shown = path.display();
    // The superuser is no exception: the content of another user would run as root.
    if owner != user {
        return refused(format!(
            "it belongs to user {owner}, and the host runs as user {user}; run the host as its \
             owner, or `chown {user} {shown}`"
        ));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & guard.forbidden() != 0 {
        let private = if metadata.is_dir() { "700" } else { "600" };
        return refused(format!(
            "other users may {} it (its mode is {mode:04o}); `chmod {private} {shown}`",
            guard.verb()
        ));
    }
    Ok(())
}

/// Reads a file that holds a secret.
///
/// # Errors
/// The system's; it is no regular file; or other users have access.
pub fn read(file: &Path) -> io::Result<Vec<u8>> {
    let (opened, metadata) = regular_file::open(file)?;
    check(file, &metadata, Guard::All)?;
    regular_file::read_opened(opened, u64::MAX)
}

/// Removes the rights of all other users to a file or folder, if it exists.
///
/// # Errors
/// The system's, such as that it belongs to another user.
pub fn tighten(path: &Path) -> io::Result<()> {
    let Some(metadata) = if_there(std::fs::metadata(path))? else {
        return Ok(());
    };
    let mode = metadata.mode() & 0o7777;
    if mode & Guard::All.forbidden() == 0 {
        return Ok(());
    }
    let tightened = mode & !Guard::All.forbidden();
    std::fs::set_permissions(path, Permissions::from_mode(tightened))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tempfile::TempDir;

    fn file_of_mode(mode: u32) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "secret").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        (folder, file)
    }

    #[test]
    fn others_may_not_read_a_secret_and_not_write_what_is_trusted() {
        for mode in [0o640, 0o604, 0o620, 0o666] {
            let (_folder, file) = file_of_mode(mode);
            let error = read(&file).unwrap_err().to_string();
            let remedy = format!("`chmod 600 {}`", file.display());
            assert!(error.contains(&remedy), "{mode:o}: {error}");
        }
        let (_folder, file) = file_of_mode(0o600);
        assert_eq!(read(&file).unwrap(), b"secret");
        for (mode, is_refused) in [(0o644, false), (0o664, true), (0o646, true)] {
            let (_folder, file) = file_of_mode(mode);
            let checked = check(&file, &file.metadata().unwrap(), Guard::Writing);
            assert_eq!(checked.is_err(), is_refused, "{mode:o}");
        }
    }

    #[test]
    fn a_file_of_another_user_is_refused_to_the_superuser_too() {
        let (_folder, file) = file_of_mode(0o600);
        let metadata = file.metadata().unwrap();
        let other = metadata.uid() + 1;
        let error = check_as(other, &file, &metadata, Guard::Writing).unwrap_err();
        let remedy = format!("chown {other} ");
        assert!(error.to_string().contains(&remedy), "{error}");
    }

    #[test]
    fn tightening_removes_the_rights_of_others_alone() {
        let (_folder, file) = file_of_mode(0o644);
        tighten(&file).unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o7777, 0o600);
        tighten(&file.with_extension("missing")).unwrap();
    }
}
