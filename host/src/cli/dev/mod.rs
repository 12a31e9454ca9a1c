//! `strongroom serve --dev`: a host to try things on. Its data is temporary, its time can be moved,
//! and a [script](script) of requests makes what it begins with.

mod placeholder;
mod script;

use super::scratch_folder::ScratchFolder;
use crate::builtin;
use crate::registry::{AdminAddress, AdminToken, HostSpec, set_defaults};
use crate::wall_clock::TimeSource;
use script::Script;
use std::path::{Path, PathBuf};

/// The name of the script, beside the registry.
const SCRIPT_NAME: &str = "demo.toml";

/// What makes a host one to try things on.
pub(super) struct DevMode {
    folder: ScratchFolder,
    script_file: PathBuf,
    script: Option<Script>,
    time: TimeSource,
}

impl DevMode {
    /// Makes the data folder, and reads the script beside the registry, if there is one. To be
    /// called before the registry is read: the script has defaults of environment variables.
    ///
    /// # Errors
    /// The script is malformed, or there is no place for the folder.
    pub(super) fn begin(registry: &Path) -> anyhow::Result<Self> {
        let script_file = if builtin::is_builtin(registry) {
            PathBuf::from(builtin::SCRIPT)
        } else {
            registry.with_file_name(SCRIPT_NAME)
        };
        let script = Script::load(&script_file)?;
        if let Some(script) = &script {
            set_defaults(script.environment().clone());
        }
        Ok(Self {
            folder: ScratchFolder::create()?,
            script_file,
            script,
            time: TimeSource::default(),
        })
    }

    /// Replaces the settings that such a host does not take from the registry.
    pub(super) fn configure(&self, host: &mut HostSpec) {
        // Compiled code stays where it is: the next start is as fast as that of any host.
        host.data = self.folder.path().to_owned();
        // The script's requests are plain HTTP.
        host.tls = None;
        // Its data is thrown away.
        host.backup = None;
    }

    /// The time of the host, which its operator moves.
    pub(super) fn time(&self) -> &TimeSource {
        &self.time
    }

    /// Sends the script's requests to the gateway at `address`. Returns what the operator must
    /// know.
    pub(super) async fn introduce(
        &self,
        address: &str,
        admin: &AdminAddress,
        token: &AdminToken,
    ) -> String {
        let demo = match &self.script {
            None => format!(
                "There are no demo users: there is no {}.",
                self.script_file.display()
            ),
            Some(script) => script.run(address).await.unwrap_or_else(|error| {
                let file = self.script_file.display();
                format!("The demo users are not complete: {file}: {error:#}")
            }),
        };
        format!(
            "\nThis host is for trying things out. Its data is in {}, and is removed when it ends. \
             It uses neither `data` nor `tls` of the registry.\n\n{}\n\nMove its clock:\n  {}",
            self.folder.path().display(),
            demo.trim_end(),
            clock_command(admin, token)
        )
    }

    /// Removes the data.
    pub(super) fn end(self) {
        let path = self.folder.path().to_owned();
        if let Err(error) = self.folder.remove() {
            let path = path.display();
            eprintln!("strongroom: {path}: the data could not be removed: {error}");
        }
    }
}

/// A command that moves the clock.
fn clock_command(admin: &AdminAddress, token: &AdminToken) -> String {
    let body = r#"-d '{"advance":"1d"}'"#;
    match admin {
        AdminAddress::Tcp(address) => format!(
            "curl http://{address}/dev/clock -H 'authorization: Bearer {}' {body}",
            token.as_str()
        ),
        AdminAddress::Unix(path) => format!(
            "curl --unix-socket {} http://localhost/dev/clock {body}",
            path.display()
        ),
    }
}
