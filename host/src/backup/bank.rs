//! The id of a bank: that of its data folder. A restored bank is another one.

use super::with_name;
use crate::line_file;
use std::io;
use std::path::Path;
use uuid::Uuid;

const FILE_NAME: &str = "bank.id";

/// The id of the bank in a data folder, which gets one if it has none.
///
/// # Errors
/// The system's, or the file holds no id.
pub(super) fn bank_id(data: &Path) -> io::Result<Uuid> {
    let file = data.join(FILE_NAME);
    let named = |error| with_name(&file, error);
    let Some(line) = line_file::read(&file).map_err(named)? else {
        let id = Uuid::now_v7();
        line_file::write(&file, &id.to_string()).map_err(named)?;
        return Ok(id);
    };
    line.parse().map_err(|error| {
        let problem = format!(
            "{}: {error}; remove it, and there is another",
            file.display()
        );
        io::Error::new(io::ErrorKind::InvalidData, problem)
    })
}
