//! The id of a bank: that of its data folder. A restored bank is another one.

use crate::durable_file::replace;
use crate::regular_file;
use std::io;
use std::path::Path;
use uuid::Uuid;

const FILE_NAME: &str = "bank.id";
/// More bytes than an id has.
const FILE_BYTES_MAX: u64 = 64;

/// The id of the bank in a data folder, which gets one if it has none.
///
/// # Errors
/// The system's, or the file holds no id.
pub(super) fn bank_id(data: &Path) -> io::Result<Uuid> {
    let file = data.join(FILE_NAME);
    match regular_file::read(&file, FILE_BYTES_MAX) {
        Ok(content) => {
            let text = String::from_utf8(content).unwrap_or_default();
            text.trim_end().parse().map_err(|error| {
                let problem = format!(
                    "{}: {error}; remove it, and there is another",
                    file.display()
                );
                io::Error::new(io::ErrorKind::InvalidData, problem)
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = Uuid::now_v7();
            replace(&file, format!("{id}\n").as_bytes())?;
            Ok(id)
        }
        Err(error) => Err(error),
    }
}
