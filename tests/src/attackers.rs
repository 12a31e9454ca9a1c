//! Where attackers come from, and the tools of others that they use: libraries of Python, and
//! programs of Debian.
//!
//! `build.sh` installs them. Where it cannot, a test that needs one is skipped by name; with
//! `CI=true` it fails.

use std::env;
use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Output;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::process::Command;

use crate::workspace;

/// The addresses of the loopback that attackers have, from 127.0.0.2 on; customers come from
/// 127.0.0.1.
///
/// # Panics
///
/// From the 65,000th on.
pub fn attacker(number: usize) -> Ipv4Addr {
    let number = u16::try_from(number + 2).expect("the loopback has so many addresses for us");
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 0, high, low)
}

/// Lets this process, and the hosts that it starts, have as many files open as the system allows:
/// each connection is one.
///
/// # Panics
///
/// If the system does not allow what it says that it allows.
pub fn allow_many_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, all).expect("a process may have its maximum");
}

/// What runs an attacker of `tests/attacks`.
///
/// The interpreter has the libraries that the attackers need; none if it could not be installed.
fn python() -> Option<PathBuf> {
    let python = workspace::root().join(".tools/attacks/bin/python");
    python.is_file().then_some(python)
}

/// A program on the search path; none if it is not installed.
fn installed(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// A command of an attacker of `tests/attacks`, if it can run.
pub fn script(test: &str, file: &str) -> Option<Command> {
    let Some(python) = python() else {
        skip(test, "the Python of .tools/attacks");
        return None;
    };
    let mut command = Command::new(python);
    command
        .args(["-B", "-W", "ignore"])
        .arg(workspace::root().join("tests/attacks").join(file))
        .kill_on_drop(true);
    Some(command)
}

/// A command of a program of the system, if it is installed.
pub fn program(test: &str, name: &str) -> Option<Command> {
    let Some(file) = installed(name) else {
        skip(test, name);
        return None;
    };
    let mut command = Command::new(file);
    command.kill_on_drop(true);
    Some(command)
}

fn skip(test: &str, tool: &str) {
    assert!(
        env::var_os("CI").is_none_or(|ci| ci != OsStr::new("true")),
        "{test} needs {tool}, which is not installed; ./build.sh test installs it"
    );
    eprintln!("SKIPPED {test}: {tool} is not installed; ./build.sh test installs it");
}

/// Runs a command to its end; answers all that it printed.
///
/// # Panics
///
/// If it cannot be run.
pub async fn run(mut command: Command) -> (Output, String) {
    let output = command.output().await.expect("the attacker starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{text}");
    (output, text)
}
