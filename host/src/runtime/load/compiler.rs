//! The compiler of components, in a process of its own.
//!
//! A component can make the compiler take minutes and gigabytes, or end by a fault of its own. As a
//! process it has limits, which end it and not the bank, and requests go before it.
//!
//! The process is this program again: `strongroom compile` reads a component from standard input,
//! and writes the code to standard output.

use super::engine;
use rustix::process::{Resource, Rlimit, Signal};
use std::io::{self, Read as _, Write as _};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

/// The most memory of the compiler of one component, in bytes. A Python interpreter with its
/// library, 19 MB, takes half a GiB.
const MEMORY_MAX: u64 = 4 << 30;
/// The most CPU time of the compiler, in seconds, of all its threads. The same takes 15 s.
const CPU_SECONDS_MAX: u64 = 600;
/// How far the compiler stands back for requests: where these keep all cores busy, it gets a
/// quarter of them, so that a swap comes to its end.
const NICE: i32 = 5;
/// The lowest priority that there is.
const NICE_MAX: i32 = 19;
/// How much memory the processes of this container may have together (cgroups, version 2).
const CONTAINER_MEMORY_MAX: &str = "/sys/fs/cgroup/memory.max";
/// This program, also where its file was replaced while it runs.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// The name of the command.
const COMMAND: &str = "compile";
/// Its option, for the engine of components of WASI 0.3.
const CONCURRENT: &str = "--concurrent";
/// The exit code for a component that is refused: other failures have others.
const REFUSED: u8 = 3;

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The component is broken, or uses what the engine does not know.
    #[error("{0}")]
    Refused(String),
    /// The compiler did not come to an end of its own.
    #[error(
        "the compiler was stopped ({status}{printed}); a component may take {} GiB of memory, in a container half of that one's, and {} minutes of CPU time to compile",
        MEMORY_MAX >> 30,
        CPU_SECONDS_MAX / 60
    )]
    Stopped {
        /// How it ended.
        status: ExitStatus,
        /// The first line that it printed, after a colon.
        printed: String,
    },
    /// There is no compiler.
    #[error("the compiler cannot be started: {0}")]
    NotStarted(#[from] io::Error),
}

/// Compiles a component in a process of its own. Blocks until that has ended.
///
/// # Errors
/// The component is refused, or takes too much.
pub fn compile(bytes: &[u8], is_concurrent: bool) -> Result<Vec<u8>, CompileError> {
    let mut compiler = Command::new(THIS_PROGRAM)
        .arg(COMMAND)
        .args(is_concurrent.then_some(CONCURRENT))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = compiler.stdin.take() {
        // How a compiler ended that reads no more is told below.
        let _ended_early = input.write_all(bytes);
    }
    let output = compiler.wait_with_output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let printed = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(REFUSED.into()) {
        return Err(CompileError::Refused(printed.trim().to_owned()));
    }
    Err(CompileError::Stopped {
        status: output.status,
        printed: printed
            .lines()
            .next()
            .map(|line| format!(": {line}"))
            .unwrap_or_default(),
    })
}

/// What the process does.
///
/// # Errors
/// Its limits cannot be set, or the host has gone away.
pub fn run(is_concurrent: bool) -> anyhow::Result<ExitCode> {
    limit_this_process()?;
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    match engine::to_compile(is_concurrent)?.precompile_component(&bytes) {
        Ok(code) => {
            io::stdout().write_all(&code)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error:#}");
            Ok(ExitCode::from(REFUSED))
        }
    }
}

/// Within a container, half of its memory: where that runs out, all its processes may end.
fn memory_max() -> u64 {
    let of_container = std::fs::read_to_string(CONTAINER_MEMORY_MAX);
    let of_container = of_container.ok().and_then(|text| text.trim().parse().ok());
    of_container.map_or(MEMORY_MAX, |bytes: u64| MEMORY_MAX.min(bytes / 2))
}

fn limit_this_process() -> io::Result<()> {
    // With the host, which waits for it, the compiler ends.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let limits = [
        (Resource::Data, memory_max()),
        (Resource::Cpu, CPU_SECONDS_MAX),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let limit = rustix::process::getrlimit(resource);
        let lower = [limit.current, limit.maximum].into_iter().flatten();
        let most = lower.fold(most, u64::min);
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(resource, limit)?;
    }
    // A system that forbids these two still has the limits.
    let nice = rustix::process::getpriority_process(None).unwrap_or_default();
    let _ = rustix::process::setpriority_process(None, (nice + NICE).min(NICE_MAX));
    // Where memory runs out all the same, the kernel ends the compiler first.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}
