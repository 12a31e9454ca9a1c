//! The bounds on a service (design section 6), each with a safe default.

use super::problem::Collector;
use super::table::TomlTable;
use super::units::{Rate, parse_duration, parse_rate, parse_size};
use std::time::Duration;

/// The most that an instance may have by the engine's pooling allocator, whatever the registry says.
pub const MEMORY_MAX: u64 = 512 << 20;
/// The most elements that one table may have by the same allocator.
pub const TABLE_ELEMENTS_MAX: u64 = 200_000;
/// The most instances a service may run at once.
pub const INSTANCES_MAX: u64 = 256;
/// Unless the registry says otherwise, one instance of so many may have a slow answer.
const SLOW_ANSWERS_SHARE: usize = 4;

/// What a service may use. Everything that can grow is in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of an instance, summed over all its memories, in bytes.
    pub memory: u64,
    /// Elements of all tables of an instance: mostly its function pointers.
    pub table_elements: usize,
    /// Resources of the host that an instance may hold at once.
    pub handles: usize,
    /// Bytes that one call of a host function may copy out of an instance.
    pub hostcall: u64,
    /// Lines that all instances together may log in a second; more are counted and left out.
    pub log_lines: u64,
    /// Wall time of a request or link call, queueing apart.
    pub timeout: Duration,
    /// CPU time of a request or link call.
    pub cpu: Duration,
    /// Requests and link calls that run at once.
    pub instances: usize,
    /// Of these, requests whose answer has begun and takes longer than a second: those of slow readers, mostly. None is a quarter of them.
    pub slow_answers: Option<usize>,
    /// Requests and link calls that wait for an instance; more are answered 503 at once.
    pub queue: usize,
    /// How many requests an instance serves before it is replaced; 1 gives every request a fresh one.
    pub reuse: usize,
    /// How long an idle instance is kept.
    pub idle: Duration,
    /// The largest request body, in bytes.
    pub request_body: u64,
    /// The largest response body, in bytes.
    pub response_body: u64,
    /// The largest store, in bytes.
    pub store: u64,
    /// How long a write transaction may hold the store's writer.
    pub write_turn: Duration,
    /// How long one read may take.
    pub read: Duration,
    /// How long `lifecycle.start` may take.
    pub start: Duration,
    /// How many requests one client address may send; none is no limit.
    pub rate: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 100_000,
            handles: 4_096,
            hostcall: 8 << 20,
            log_lines: 200,
            timeout: Duration::from_secs(10),
            cpu: Duration::from_secs(2),
            instances: 64,
            slow_answers: None,
            queue: 1024,
            reuse: 10_000,
            idle: Duration::from_secs(10),
            request_body: 1 << 20,
            response_body: 16 << 20,
            store: 16 << 30,
            write_turn: Duration::from_millis(500),
            read: Duration::from_secs(1),
            start: Duration::from_secs(30),
            rate: None,
        }
    }
}

impl Limits {
    /// How many requests may go on answering for longer than a second.
    pub fn slow_answers(&self) -> usize {
        let share = || (self.instances / SLOW_ANSWERS_SHARE).max(1);
        self.slow_answers.unwrap_or_else(share)
    }

    pub(super) fn read(table: &mut TomlTable<'_, '_>, problems: &mut Collector<'_>) -> Self {
        let mut limits = Self::default();
        let at_most_memory_max = |text: &str| match parse_size(text)? {
            size if size > MEMORY_MAX => Err(format!(
                "is above what one instance may have, {}MiB",
                MEMORY_MAX >> 20
            )),
            size => Ok(size),
        };
        set(
            &mut limits.memory,
            table.string(problems, "memory", at_most_memory_max),
        );
        set(
            &mut limits.table_elements,
            count(table, problems, "table_elements", 1, TABLE_ELEMENTS_MAX),
        );
        set(
            &mut limits.handles,
            count(table, problems, "handles", 16, 1_000_000),
        );
        set(
            &mut limits.hostcall,
            table.string(problems, "hostcall", parse_size),
        );
        set(
            &mut limits.log_lines,
            table.number(problems, "log_lines", 0, 1_000_000),
        );
        set(
            &mut limits.timeout,
            table.string(problems, "timeout", parse_duration),
        );
        set(
            &mut limits.cpu,
            table.string(problems, "cpu", parse_duration),
        );
        set(
            &mut limits.instances,
            count(table, problems, "instances", 1, INSTANCES_MAX),
        );
        limits.slow_answers = count(table, problems, "slow_answers", 1, INSTANCES_MAX);
        set(
            &mut limits.queue,
            count(table, problems, "queue", 0, 1_000_000),
        );
        set(
            &mut limits.reuse,
            count(table, problems, "reuse", 1, 1_000_000_000),
        );
        set(
            &mut limits.idle,
            table.string(problems, "idle", parse_duration),
        );
        set(
            &mut limits.request_body,
            table.string(problems, "request_body", parse_size),
        );
        set(
            &mut limits.response_body,
            table.string(problems, "response_body", parse_size),
        );
        set(
            &mut limits.store,
            table.string(problems, "store", parse_size),
        );
        set(
            &mut limits.write_turn,
            table.string(problems, "write_turn", parse_duration),
        );
        set(
            &mut limits.read,
            table.string(problems, "read", parse_duration),
        );
        set(
            &mut limits.start,
            table.string(problems, "start", parse_duration),
        );
        limits.rate = table.string(problems, "rate", parse_rate);
        table.refuse_unknown(problems);
        limits
    }
}

fn count(
    table: &mut TomlTable<'_, '_>,
    problems: &mut Collector<'_>,
    key: &str,
    min: u64,
    max: u64,
) -> Option<usize> {
    let number = table.number(problems, key, min, max)?;
    usize::try_from(number).ok()
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}
