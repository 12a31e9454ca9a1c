//! One run of the binary that ends by itself.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::{assert_parts, workspace};

/// Compiling all components on a loaded machine, with room to spare.
const RUN_MAX: Duration = Duration::from_secs(120);

/// What a finished run left.
#[derive(Debug)]
pub struct CommandOutput {
    /// The exit code; none if a signal ended the run.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl CommandOutput {
    /// Everything that was printed.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Asserts that it succeeded.
    #[track_caller]
    pub fn assert_success(&self) {
        assert_eq!(self.code, Some(0), "{self:?}");
    }

    /// Asserts that it failed with this exit code, and that its errors have these words.
    #[track_caller]
    pub fn assert_failure(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_parts(&self.stderr, words);
    }

    /// The lines printed that contain each of `parts`.
    pub fn lines_with(&self, parts: &[&str]) -> Vec<String> {
        self.text()
            .lines()
            .filter(|line| parts.iter().all(|part| line.contains(part)))
            .map(str::to_owned)
            .collect()
    }
}

/// Runs `strongroom verify` on the data in `folder`.
pub fn verify(folder: &Path) -> CommandOutput {
    let data = folder.join("data").display().to_string();
    run(folder, &["verify", "--data", &data])
}

/// Runs `strongroom ARGUMENTS` in `folder` to its end. One that takes too long is killed.
pub fn run(folder: &Path, arguments: &[impl AsRef<OsStr> + Debug]) -> CommandOutput {
    let child = Command::new(workspace::binary())
        .args(arguments)
        .current_dir(folder)
        .env("STRONGROOM_ADMIN_PASSWORD", crate::bank::ADMIN_PASSWORD)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let (pid, (sender, ended)) = (Pid::from_child(&child), channel());
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(RUN_MAX) else {
        let _already_gone = kill_process(pid, Signal::KILL);
        panic!("strongroom {arguments:?} did not end in {RUN_MAX:?}");
    };
    let output = output.expect("its output can be read");
    let [stdout, stderr] = [output.stdout, output.stderr]
        .map(|printed| String::from_utf8_lossy(&printed).into_owned());
    CommandOutput {
        code: output.status.code(),
        stdout,
        stderr,
    }
}
