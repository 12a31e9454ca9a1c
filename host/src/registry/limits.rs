//! The limits of a service, each with a safe default.

use super::table::TomlTable;
use super::units::{Rate, parse_duration, parse_rate, parse_size};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The most memory of an instance in the engine's pooling allocator, in bytes.
pub const MEMORY_MAX: u64 = 512 << 20;
/// The most elements of one table in the same allocator.
pub const TABLE_ELEMENTS_MAX: u64 = 200_000;
/// The most instances that a service may run at once.
pub const INSTANCES_MAX: u64 = 256;
/// By default one instance of so many may have a slow response.
const SLOW_ANSWERS_SHARE: usize = 4;

/// What a service may use: there is a limit on everything that can grow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of an instance, summed over all its memories, in bytes.
    pub memory: u64,
    /// Elements of all tables of an instance: mostly function pointers.
    pub table_elements: usize,
    /// Resources of the host that an instance may hold at once.
    pub handles: usize,
    /// Bytes that one call of a host function may copy out of an instance.
    pub hostcall: u64,
    /// Lines that all instances together may log in a second; the host only counts the others.
    pub log_lines: u64,
    /// Wall time of a request or link call, without its time in the queue.
    pub timeout: Duration,
    /// CPU time of a request or link call.
    pub cpu: Duration,
    /// Requests that run at once; as many link calls run beside them.
    pub instances: usize,
    /// Of these, requests whose response takes longer than a second, mostly because the reader is
    /// slow. None is a quarter of `instances`.
    pub slow_answers: Option<usize>,
    /// Requests that wait for an instance, and link calls beside them; the next one is 503.
    pub queue: usize,
    /// How many requests an instance serves; with 1 every request has a fresh instance.
    pub reuse: usize,
    /// How long the host keeps an idle instance.
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
    /// How many requests one client address may send; none for no limit.
    pub rate: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table_elements: 100_000,
            handles: 1_024,
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
    /// How many responses may take longer than a second.
    pub fn slow_answers(&self) -> usize {
        let share = || (self.instances / SLOW_ANSWERS_SHARE).max(1);
        self.slow_answers.unwrap_or_else(share)
    }

    pub(super) fn read(table: TomlTable<'_, '_>) -> Self {
        let mut limits = Self::default();
        let mut keys = LimitKeys(table);
        keys.size("memory", &mut limits.memory, MEMORY_MAX);
        keys.number(
            "table_elements",
            &mut limits.table_elements,
            1..=TABLE_ELEMENTS_MAX,
        );
        keys.number("handles", &mut limits.handles, 16..=1_000_000);
        keys.size("hostcall", &mut limits.hostcall, u64::MAX);
        keys.number("log_lines", &mut limits.log_lines, 0..=1_000_000);
        keys.duration("timeout", &mut limits.timeout);
        keys.duration("cpu", &mut limits.cpu);
        keys.number("instances", &mut limits.instances, 1..=INSTANCES_MAX);
        limits.slow_answers = keys.0.number("slow_answers", 1..=INSTANCES_MAX);
        keys.number("queue", &mut limits.queue, 0..=1_000_000);
        keys.number("reuse", &mut limits.reuse, 1..=1_000_000_000);
        keys.duration("idle", &mut limits.idle);
        keys.size("request_body", &mut limits.request_body, u64::MAX);
        keys.size("response_body", &mut limits.response_body, u64::MAX);
        keys.size("store", &mut limits.store, u64::MAX);
        keys.duration("write_turn", &mut limits.write_turn);
        keys.duration("read", &mut limits.read);
        keys.duration("start", &mut limits.start);
        limits.rate = keys.0.measure("rate", parse_rate);
        keys.0.refuse_unknown();
        limits
    }
}

/// Sets a limit where the table has its key.
struct LimitKeys<'t, 'i>(TomlTable<'t, 'i>);

impl LimitKeys<'_, '_> {
    fn size(&mut self, key: &str, limit: &mut u64, max: u64) {
        let size = self.0.measure(key, |text| match parse_size(text)? {
            size if size > max => Err(format!(
                "is above what one instance may have, {}MiB",
                max >> 20
            )),
            size => Ok(size),
        });
        *limit = size.unwrap_or(*limit);
    }

    fn duration(&mut self, key: &str, limit: &mut Duration) {
        *limit = self.0.measure(key, parse_duration).unwrap_or(*limit);
    }

    fn number<T: TryFrom<u64> + Copy>(
        &mut self,
        key: &str,
        limit: &mut T,
        range: RangeInclusive<u64>,
    ) {
        *limit = self.0.number(key, range).unwrap_or(*limit);
    }
}
