//! Files inside the binary. A release has the default bank there: its registry, its components, and
//! their compiled code. Other builds have none.
//!
//! A path that begins with `builtin:` names such a file wherever the host reads a registry or a
//! component.

use crate::regular_file;
use std::borrow::Cow;
use std::io;
use std::path::Path;

/// How the path of a file inside the binary begins.
const PREFIX: &str = "builtin:";
/// The registry of the default bank.
pub const REGISTRY: &str = "builtin:registry.toml";
/// The script with which its `--dev` begins.
pub const SCRIPT: &str = "builtin:demo.toml";

/// Names and contents of the files. The build script makes the list.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// Whether a path names a file inside the binary.
pub fn is_builtin(path: &Path) -> bool {
    name_of(path).is_some()
}

/// Whether the binary has any file inside.
pub fn has_bank() -> bool {
    !FILES.is_empty()
}

/// The content of the file with this name, if the binary has it.
pub fn content(name: &str) -> Option<&'static [u8]> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    found.map(|(_, content)| *content)
}

/// Reads a file inside the binary, or a regular file of at most `bytes_max`.
///
/// # Errors
/// Those of [`regular_file::read`], or the binary has no such file.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Cow<'static, [u8]>> {
    match name_of(path) {
        Some(name) => content(name).map(Cow::Borrowed).ok_or_else(no_such_file),
        None => regular_file::read(path, bytes_max).map(Cow::Owned),
    }
}

fn name_of(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(PREFIX)
}

fn no_such_file() -> io::Error {
    let problem = if has_bank() {
        "this binary has no such file inside"
    } else {
        "this binary has no files inside: it is not one of a release"
    };
    io::Error::new(io::ErrorKind::NotFound, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_is_no_release_says_so() {
        let problem = read(Path::new("builtin:auth.wasm"), 1).unwrap_err();
        assert_eq!(problem.kind(), io::ErrorKind::NotFound);
        let problem = problem.to_string();
        assert!(problem.contains("not one of a release"), "{problem}");
    }

    #[test]
    fn only_the_beginning_of_a_path_makes_it_a_file_inside() {
        assert!(is_builtin(Path::new(REGISTRY)));
        let inside = ["bank/builtin:auth.wasm", "./builtin:auth.wasm"];
        for path in inside.into_iter().chain(["registry.toml", ""]) {
            assert!(!is_builtin(Path::new(path)), "{path}");
        }
    }
}
