//! Files of one short line, such as a time or an id.

use crate::durable_file::replace;
use crate::regular_file::{self, if_there};
use std::io;
use std::path::Path;

/// More bytes than a time or an id has.
const BYTES_MAX: u64 = 64;

/// The line of a file, empty if it is no text; none where there is no file.
///
/// # Errors
/// The system's.
pub fn read(file: &Path) -> io::Result<Option<String>> {
    let content = if_there(regular_file::read(file, BYTES_MAX))?;
    let text = content.map(|content| String::from_utf8(content).unwrap_or_default());
    Ok(text.map(|text| text.trim_end().to_owned()))
}

/// Replaces the line of a file, durably.
///
/// # Errors
/// The system's.
pub fn write(file: &Path, line: &str) -> io::Result<()> {
    replace(file, format!("{line}\n").as_bytes())
}
