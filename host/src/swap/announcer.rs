//! What a service's `start` has for the operator alone, such as an initial password.

use crate::durable_file::replace;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// Shows such lines on the terminal. Where standard output is none, it may be kept or sent on, as
/// by a journal: then a file of the data folder has them, for its owner alone.
pub struct Announcer {
    data: PathBuf,
}

impl Announcer {
    /// For the host of a data folder.
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
        }
    }

    /// Tells the operator what the start of a service says. Never logs it.
    pub(super) fn announce(&self, service: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let text = lines.join("\n") + "\n";
        // A closed standard output must not end the bank.
        if io::stdout().is_terminal() {
            let _ = io::stdout().write_all(text.as_bytes());
            return;
        }
        let file = self.data.join(format!("{service}.start.txt"));
        let file_name = file.display();
        if let Err(error) = replace(&file, text.as_bytes()) {
            tracing::error!(service, file = %file_name, %error,
                "what the start of the service has for the operator could not be written");
            return;
        }
        let _ = writeln!(
            io::stdout(),
            "`{service}` has started with a message for you alone: read {file_name}, and delete it"
        );
    }
}
