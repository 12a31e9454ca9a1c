//! One run of the binary that ends by itself.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{assert_parts, workspace};

/// Compiling all components on a loaded machine, with room to spare.
const RUN_SECONDS_MAX: u64 = 120;

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
    let mut child = Command::new(workspace::binary())
        .args(arguments)
        .current_dir(folder)
        .env("STRONGROOM_ADMIN_PASSWORD", crate::bank::ADMIN_PASSWORD)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stdout = crate::host::Output::gather(child.stdout.take().expect("stdout is piped"));
    let stderr = crate::host::Output::gather(child.stderr.take().expect("stderr is piped"));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            break status;
        }
        if started.elapsed().as_secs() >= RUN_SECONDS_MAX {
            let _already_gone = child.kill();
            let _status = child.wait();
            panic!("strongroom {arguments:?} did not end in {RUN_SECONDS_MAX} s");
        }
        thread::sleep(Duration::from_millis(5));
    };
    CommandOutput {
        code: status.code(),
        stdout: stdout.to_the_end(),
        stderr: stderr.to_the_end(),
    }
}
