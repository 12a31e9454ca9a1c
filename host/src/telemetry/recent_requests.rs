//! The latest requests, so that an operator can ask what one of them did. They hold no more secrets
//! than the access log does.

use super::access::AccessLine;
use super::request_work::{RequestWork, WorkDone};
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How many requests are kept; some MiB of memory.
const REQUESTS_MAX: usize = 10_000;
/// The most bytes that are kept of a path, and of a cause.
const TEXT_BYTES_MAX: usize = 256;
/// The most requests that are found by one id: clients may choose the same one again.
const FOUND_MAX: usize = 20;

/// The latest requests, up to a limit.
#[derive(Debug, Default)]
pub struct RecentRequests(Mutex<VecDeque<KeptRequest>>);

/// What is known of a request beside its access line.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// The number of the generation that served it.
    pub generation: Option<u64>,
    /// The role of who asked.
    pub role: Option<&'a str>,
    /// What was done for it; none if it came to no service.
    pub work: Option<&'a Arc<RequestWork>>,
}

#[derive(Debug)]
struct KeptRequest {
    ended_at: SystemTime,
    request_id: Box<str>,
    service: Option<Box<str>>,
    generation: Option<u64>,
    method: Box<str>,
    path: Box<str>,
    status: u16,
    microseconds: u64,
    subject: Option<Box<str>>,
    role: Option<Box<str>>,
    client: Option<Box<str>>,
    code: Option<Box<str>>,
    cause: Option<Box<str>>,
    work: Option<Arc<RequestWork>>,
}

/// A request, as operators see it.
#[derive(Debug, Serialize)]
pub struct RequestView {
    ended_at: String,
    request_id: Box<str>,
    service: Option<Box<str>>,
    generation: Option<u64>,
    method: Box<str>,
    path: Box<str>,
    status: u16,
    microseconds: u64,
    subject: Option<Box<str>>,
    role: Option<Box<str>>,
    client: Option<Box<str>>,
    code: Option<Box<str>>,
    cause: Option<Box<str>>,
    #[serde(flatten)]
    work: WorkDone,
}

impl RecentRequests {
    /// Keeps a request that has ended. The oldest one may go.
    pub fn keep(&self, line: &AccessLine<'_>, facts: RequestFacts<'_>) {
        let kept = KeptRequest {
            ended_at: SystemTime::now(),
            request_id: line.request_id.into(),
            service: line.service.map(Into::into),
            generation: facts.generation,
            method: line.method.into(),
            path: cut(line.path).into(),
            status: line.status,
            microseconds: line.microseconds,
            subject: line.subject.map(Into::into),
            role: facts.role.map(Into::into),
            client: line.client.map(Into::into),
            code: line.code.map(Into::into),
            cause: line.cause.map(|cause| cut(cause).into()),
            work: facts.work.map(Arc::clone),
        };
        let oldest = {
            let mut requests = self.0.lock();
            let is_full = requests.len() >= REQUESTS_MAX;
            let oldest = is_full.then(|| requests.pop_front());
            requests.push_back(kept);
            oldest
        };
        // Without the lock: to drop it takes longer than all else here.
        drop(oldest);
    }

    /// The requests of an id, newest first.
    pub fn find(&self, id: &str) -> Vec<RequestView> {
        let requests = self.0.lock();
        let newest_first = requests.iter().rev();
        let found = newest_first.filter(|request| &*request.request_id == id);
        found.take(FOUND_MAX).map(KeptRequest::view).collect()
    }
}

impl KeptRequest {
    fn view(&self) -> RequestView {
        RequestView {
            // Only years beyond 9999 cannot be written.
            ended_at: OffsetDateTime::from(self.ended_at)
                .format(&Rfc3339)
                .unwrap_or_default(),
            request_id: self.request_id.clone(),
            service: self.service.clone(),
            generation: self.generation,
            method: self.method.clone(),
            path: self.path.clone(),
            status: self.status,
            microseconds: self.microseconds,
            subject: self.subject.clone(),
            role: self.role.clone(),
            client: self.client.clone(),
            code: self.code.clone(),
            cause: self.cause.clone(),
            work: self
                .work
                .as_ref()
                .map(|work| work.done())
                .unwrap_or_default(),
        }
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const NONE: RequestFacts<'_> = RequestFacts {
        generation: None,
        role: None,
        work: None,
    };

    fn line<'a>(request_id: &'a str, path: &'a str) -> AccessLine<'a> {
        AccessLine {
            request_id,
            service: None,
            method: "GET",
            path,
            status: 200,
            microseconds: 7,
            address: Ipv4Addr::LOCALHOST.into(),
            subject: None,
            client: None,
            code: None,
            cause: None,
        }
    }

    #[test]
    fn the_latest_requests_are_found_by_their_ids_newest_first() {
        let recent = RecentRequests::default();
        for path in ["/1", "/2"] {
            recent.keep(&line("a", path), NONE);
        }
        recent.keep(&line("b", &"x".repeat(TEXT_BYTES_MAX + 1)), NONE);
        let paths: Vec<_> = recent.find("a").into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["/2".into(), "/1".into()]);
        assert_eq!(recent.find("b")[0].path.len(), TEXT_BYTES_MAX);
        assert!(recent.find("c").is_empty());
    }

    #[test]
    fn the_oldest_request_goes_first() {
        let recent = RecentRequests::default();
        recent.keep(&line("first", "/"), NONE);
        for _ in 1..REQUESTS_MAX {
            recent.keep(&line("other", "/"), NONE);
        }
        assert_eq!(recent.find("first").len(), 1);
        recent.keep(&line("last", "/"), NONE);
        assert!(recent.find("first").is_empty());
        assert_eq!(recent.find("other").len(), FOUND_MAX);
    }
}
