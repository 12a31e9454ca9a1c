//! What was done for a request: its link calls, and how long it kept threads and stores.

use http::HeaderValue;
use parking_lot::Mutex;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::microseconds;

/// The most link calls that are noted of a request; of others, their number.
const LINK_CALLS_MAX: usize = 32;
/// The most stores that are noted of a request: more than a bank has services.
const STORES_MAX: usize = 16;

/// What was done for a request so far.
#[derive(Debug)]
pub struct RequestWork {
    request_id: HeaderValue,
    busy_ns: AtomicU64,
    calls: Mutex<CallsDone>,
}

/// What was done for a request outside of its service's own code.
#[derive(Debug, Clone, Default, Serialize)]
struct CallsDone {
    link_calls: Vec<LinkCall>,
    /// How many link calls are not listed.
    link_calls_left_out: u64,
    stores: Vec<StoreWork>,
}

/// What was done for a request.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WorkDone {
    /// The time in which threads worked for it.
    #[serde(rename = "busy_microseconds", serialize_with = "micros")]
    busy: Duration,
    #[serde(flatten)]
    calls: CallsDone,
}

/// A call of one service by another.
#[derive(Debug, Clone, Serialize)]
struct LinkCall {
    /// The called service.
    #[serde(serialize_with = "name")]
    service: Arc<str>,
    /// The interface and its function.
    #[serde(serialize_with = "name")]
    function: Arc<str>,
    microseconds: u64,
    /// `done`, or why there is no result of the called service.
    outcome: String,
}

/// What the request did at the store of a service.
#[derive(Debug, Clone, Serialize)]
struct StoreWork {
    #[serde(serialize_with = "name")]
    service: Arc<str>,
    reads: CallCount,
    /// The waits for the writer, one for each write transaction.
    write_waits: CallCount,
    /// The waits for commits.
    commits: CallCount,
}

/// Calls of one kind.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct CallCount {
    count: u64,
    #[serde(rename = "microseconds", serialize_with = "micros")]
    time: Duration,
}

/// What a request waits for at a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreCall {
    /// A read outside of a write transaction.
    Read,
    /// The begin of a write transaction.
    Begin,
    /// Its commit.
    Commit,
}

impl RequestWork {
    /// Nothing, for the request of this id.
    pub fn of(request_id: HeaderValue) -> Arc<Self> {
        Arc::new(Self {
            request_id,
            busy_ns: AtomicU64::new(0),
            calls: Mutex::default(),
        })
    }

    /// The id in `x-request-id`.
    pub fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }

    /// What was done so far. A guest may go on after its response.
    pub fn done(&self) -> WorkDone {
        WorkDone {
            busy: Duration::from_nanos(self.busy_ns.load(Relaxed)),
            calls: self.calls.lock().clone(),
        }
    }

    pub(super) fn note_busy(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.busy_ns.fetch_add(nanos, Relaxed);
    }

    pub(super) fn note_link_call(
        &self,
        service: &Arc<str>,
        function: &Arc<str>,
        time: Duration,
        failure: Option<String>,
    ) {
        let mut calls = self.calls.lock();
        if calls.link_calls.len() >= LINK_CALLS_MAX {
            calls.link_calls_left_out += 1;
            return;
        }
        calls.link_calls.push(LinkCall {
            service: Arc::clone(service),
            function: Arc::clone(function),
            microseconds: microseconds(time),
            outcome: failure.unwrap_or_else(|| "done".to_owned()),
        });
    }

    pub(super) fn note_store_call(&self, store: &Arc<str>, call: StoreCall, time: Duration) {
        let mut calls = self.calls.lock();
        let known = calls.stores.iter().position(|work| work.service == *store);
        let index = match known {
            Some(index) => index,
            None if calls.stores.len() >= STORES_MAX => return,
            None => {
                calls.stores.push(StoreWork {
                    service: Arc::clone(store),
                    reads: CallCount::default(),
                    write_waits: CallCount::default(),
                    commits: CallCount::default(),
                });
                calls.stores.len() - 1
            }
        };
        let work = &mut calls.stores[index];
        let of_call = match call {
            StoreCall::Read => &mut work.reads,
            StoreCall::Begin => &mut work.write_waits,
            StoreCall::Commit => &mut work.commits,
        };
        of_call.count += 1;
        of_call.time += time;
    }
}

fn name<S: serde::Serializer>(name: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name)
}

fn micros<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(microseconds(*time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_calls_of_a_store_are_added_up_and_link_calls_listed() {
        let work = RequestWork::of(HeaderValue::from_static("r-7"));
        let [ledger, function]: [Arc<str>; 2] = ["accounts".into(), "ledger#post".into()];
        let time = Duration::from_micros(5);
        for call in [StoreCall::Read, StoreCall::Read, StoreCall::Commit] {
            work.note_store_call(&ledger, call, time);
        }
        work.note_link_call(&ledger, &function, time, None);
        let done = serde_json::to_value(work.done()).unwrap();
        let store = json!({
            "service": "accounts",
            "reads": {"count": 2, "microseconds": 10},
            "write_waits": {"count": 0, "microseconds": 0},
            "commits": {"count": 1, "microseconds": 5},
        });
        let link_call = json!({
            "service": "accounts", "function": "ledger#post", "microseconds": 5,
            "outcome": "done",
        });
        assert_eq!(done["stores"], json!([store]));
        assert_eq!(done["link_calls"], json!([link_call]));
    }

    #[test]
    fn what_a_request_does_takes_bounded_memory() {
        let work = RequestWork::of(HeaderValue::from_static("r-7"));
        let time = Duration::ZERO;
        for number in 0..100 {
            let name: Arc<str> = number.to_string().into();
            work.note_link_call(&name, &name, time, Some("failed".to_owned()));
            work.note_store_call(&name, StoreCall::Read, time);
        }
        let done = work.done().calls;
        assert_eq!(done.link_calls.len(), LINK_CALLS_MAX);
        assert_eq!(done.link_calls_left_out, 100 - LINK_CALLS_MAX as u64);
        assert_eq!(done.stores.len(), STORES_MAX);
    }
}
