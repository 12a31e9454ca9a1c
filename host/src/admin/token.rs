//! The token in the data folder: the host makes it, and the command line reads it.

use crate::durable_file::replace;
use crate::private_file;
use crate::registry::AdminToken;
use crate::regular_file::{self, if_there};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io;
use std::path::{Path, PathBuf};

/// The largest token file that is read, in bytes: far more than a token has.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// The file that holds the token of a data folder.
pub fn token_file(data: &Path) -> PathBuf {
    data.join("admin.token")
}

/// Returns the token of a data folder. If there is none, it makes one of 256 bits.
///
/// # Errors
/// The file cannot be read or written, other users can read it, or it holds no token.
pub fn open_token(data: &Path) -> io::Result<AdminToken> {
    match kept_token(data)? {
        Some(token) => Ok(token),
        None => make(&token_file(data)),
    }
}

/// Returns the token of a data folder, if there is one.
///
/// # Errors
/// The file cannot be read, other users can read it, or it holds no token.
pub fn kept_token(data: &Path) -> io::Result<Option<AdminToken>> {
    let content = if_there(private_file::read(&token_file(data)))?;
    content.map(parse).transpose()
}

/// Returns the token of a data folder, for a client of its host.
///
/// # Errors
/// The file cannot be read, or holds no token.
pub fn read_token(data: &Path) -> io::Result<AdminToken> {
    parse(regular_file::read(&token_file(data), FILE_BYTES_MAX)?)
}

fn make(file: &Path) -> io::Result<AdminToken> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let text = URL_SAFE_NO_PAD.encode(random);
    replace(file, text.as_bytes())?;
    parse(text.into_bytes())
}

fn parse(content: Vec<u8>) -> io::Result<AdminToken> {
    let text = String::from_utf8(content).unwrap_or_default();
    AdminToken::parse(text.trim_end()).map_err(|_| {
        let problem = "it holds no token; remove it, and the next start of the host makes another";
        io::Error::new(io::ErrorKind::InvalidData, problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_token_is_made_once_is_long_and_its_file_is_refused_to_others_or_without_it() {
        let data = tempfile::tempdir().unwrap();
        let made = open_token(data.path()).unwrap();
        assert_eq!(made.as_str().len(), 43, "256 bits in base64url");
        assert_eq!(open_token(data.path()).unwrap(), made);
        assert_eq!(read_token(data.path()).unwrap(), made);
        let file = token_file(data.path());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(open_token(other.path()).unwrap(), made);
        set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let error = open_token(data.path()).unwrap_err().to_string();
        assert!(error.contains("`chmod 600 "), "{error}");
        replace(&file, b"").unwrap();
        let error = open_token(data.path()).unwrap_err().to_string();
        assert!(error.contains("remove it"), "{error}");
    }
}
