//! What others wrote, and tests use: libraries of Python and Node.js, and programs of Debian.
//!
//! `build.sh` installs them. Where it cannot, a test that needs one is skipped by name; with
//! `CI=true` it fails.

use std::env;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;

use tokio::process::Command;

use crate::workspace;

/// Where the libraries of `tests/clients` are installed.
fn libraries() -> PathBuf {
    workspace::root().join(".tools/clients")
}

/// A script of Python in `tests/`, if `tests/clients/requirements.txt` is installed.
pub fn python(script: &str) -> Option<Command> {
    let mut command = command(libraries().join("bin/python"))?;
    command.args(["-B", "-W", "ignore"]).arg(in_tests(script));
    Some(command)
}

/// A script of Node.js in `tests/`, which finds the libraries of `tests/clients` by `require`.
pub fn node(script: &str) -> Option<Command> {
    let modules = installed(libraries().join("node_modules"))?;
    let mut command = program("node")?;
    command.env("NODE_PATH", modules).arg(in_tests(script));
    Some(command)
}

/// A script of Node.js, by its path, that uses the client that `./build.sh clients` has made.
pub fn typescript_client(script: &str) -> Option<Command> {
    installed(clients().join("typescript/dist/index.js"))?;
    let mut command = program("node")?;
    command.arg(workspace::root().join(script));
    Some(command)
}

/// The same for a script of Python, and the client of Python.
pub fn python_client(script: &str) -> Option<Command> {
    let mut command = command(clients().join("venv/bin/python"))?;
    command.arg("-B").arg(workspace::root().join(script));
    Some(command)
}

/// Where the generated clients are.
fn clients() -> PathBuf {
    workspace::root().join("target/clients")
}

/// A command of a single source file of Java in `tests/`.
pub fn java(file: &str) -> Option<Command> {
    let mut command = program("java")?;
    command.arg(in_tests(file));
    Some(command)
}

/// A command of a program that comes with the libraries, or that the system has.
pub fn program(name: &str) -> Option<Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let file = iter::once(libraries().join("bin"))
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    command(file.unwrap_or_else(|| PathBuf::from(name)))
}

/// A file of a library of Python, such as `camt053/xsd/camt.053.001.08.xsd`, if it is there.
pub fn python_file(name: &str) -> Option<PathBuf> {
    let name = Path::new("site-packages").join(name);
    in_a_folder_of(&libraries().join("lib"), &name)
}

/// A library of Debian that a process can preload, such as `faketime/libfaketimeMT.so.1`.
pub fn preloaded(library: &str) -> Option<PathBuf> {
    in_a_folder_of(Path::new("/usr/lib"), Path::new(library))
}

/// A file in one of the folders here: each version of Python has one, and each kind of machine.
fn in_a_folder_of(folder: &Path, name: &Path) -> Option<PathBuf> {
    let folders = fs::read_dir(folder).into_iter().flatten();
    let mut files = folders.flatten().map(|folder| folder.path().join(name));
    let found = files.find(|file| file.is_file());
    installed(found.unwrap_or_else(|| name.to_owned()))
}

pub fn in_tests(file: &str) -> PathBuf {
    workspace::root().join("tests").join(file)
}

fn command(file: PathBuf) -> Option<Command> {
    let mut command = Command::new(installed(file)?);
    command.kill_on_drop(true);
    Some(command)
}

/// A file or folder, if it is there. The harness names the thread of a test after it.
fn installed(tool: PathBuf) -> Option<PathBuf> {
    if tool.exists() {
        return Some(tool);
    }
    let (thread, tool) = (thread::current(), tool.display());
    let test = thread.name().unwrap_or("a test");
    let reason = format!("{tool} is not installed; ./build.sh test installs it");
    let is_required = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!is_required, "{test}: {reason}");
    eprintln!("SKIPPED {test}: {reason}");
    None
}

/// Runs a command, which must succeed; returns what it printed to its standard output.
pub async fn output_of(command: Command) -> String {
    let (output, text) = run(command).await;
    assert!(output.status.success(), "{text}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs a command to its end; returns all that it printed.
pub async fn run(mut command: Command) -> (Output, String) {
    let output = command.output().await.expect("the program starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{text}");
    (output, text)
}
