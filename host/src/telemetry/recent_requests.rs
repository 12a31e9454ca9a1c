//! The latest requests, so that an operator can ask what one of them did. They hold no more secrets
//! than the access log does.

use super::access::AccessLine;
use super::request_work::{RequestWork, WorkDone};
use crate::wall_clock::rfc3339;
use http::HeaderValue;
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

/// How many requests are kept that a service has done. More fall out of the processor's cache
/// before they are forgotten, which each request would pay for.
const DONE_MAX: usize = 2_000;
/// How many others are kept: operators are asked about those, and later.
const REFUSED_MAX: usize = 8_000;
/// The most bytes that are kept of a path, and of a cause.
const TEXT_BYTES_MAX: usize = 256;
/// The most requests that are found by one id: clients may choose the same one again.
const FOUND_MAX: usize = 20;

/// The number of texts of a request.
const TEXTS: usize = 8;

/// The latest requests, up to a limit.
#[derive(Debug, Default)]
pub struct RecentRequests {
    done: Latest<DONE_MAX>,
    refused: Latest<REFUSED_MAX>,
}

/// At most so many requests.
#[derive(Debug, Default)]
struct Latest<const MAX: usize>(Mutex<VecDeque<KeptRequest>>);

impl<const MAX: usize> Latest<MAX> {
    fn keep(&self, request: KeptRequest) {
        let oldest = {
            let mut requests = self.0.lock();
            let is_full = requests.len() >= MAX;
            let oldest = is_full.then(|| requests.pop_front());
            requests.push_back(request);
            oldest
        };
        // Without the lock: to drop it takes longer than all else here.
        drop(oldest);
    }

    /// Those of an id, newest first.
    fn find(&self, id: &str) -> Vec<RequestView> {
        let requests = self.0.lock();
        let newest_first = requests.iter().rev();
        let found = newest_first.filter(|request| request.request_id == id);
        found.take(FOUND_MAX).map(KeptRequest::view).collect()
    }
}

/// What is known of a request beside its access line.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// The id in `x-request-id`.
    pub request_id: &'a HeaderValue,
    /// The number of the generation that served it.
    pub generation: Option<u64>,
    /// The role of who asked.
    pub role: Option<&'a str>,
    /// What was done for it; none if it came to no service.
    pub work: Option<&'a Arc<RequestWork>>,
}

/// To forget a request costs a miss of the processor's cache for each of its parts, so they are
/// few: the texts are one.
#[derive(Debug)]
struct KeptRequest {
    ended_at: SystemTime,
    request_id: HeaderValue,
    generation: Option<u64>,
    status: u16,
    microseconds: u64,
    texts: Texts,
    work: Option<Arc<RequestWork>>,
}

/// Some texts in one, with separators that only the last may have.
#[derive(Debug)]
struct Texts(Box<str>);

const SEPARATOR: char = '\0';

impl Texts {
    fn new(texts: [Option<&str>; TEXTS]) -> Self {
        let bytes: usize = texts.iter().flatten().map(|text| text.len()).sum();
        let mut all = String::with_capacity(bytes + TEXTS);
        for (index, text) in texts.into_iter().enumerate() {
            if index > 0 {
                all.push(SEPARATOR);
            }
            all.push_str(text.unwrap_or_default());
        }
        Self(all.into_boxed_str())
    }

    /// Those that are not empty.
    fn read(&self) -> [Option<String>; TEXTS] {
        let mut texts = self.0.splitn(TEXTS, SEPARATOR);
        let mut next = || texts.next().filter(|text| !text.is_empty());
        [(); TEXTS].map(|()| next().map(str::to_owned))
    }
}

/// A request, as operators see it.
#[derive(Debug, Serialize)]
pub struct RequestView {
    ended_at: String,
    request_id: String,
    service: Option<String>,
    generation: Option<u64>,
    method: Option<String>,
    path: Option<String>,
    status: u16,
    microseconds: u64,
    subject: Option<String>,
    role: Option<String>,
    client: Option<String>,
    code: Option<String>,
    cause: Option<String>,
    #[serde(flatten)]
    work: WorkDone,
}

impl RecentRequests {
    /// Keeps a request that has ended. The oldest one may go.
    pub fn keep(&self, line: &AccessLine<'_>, facts: RequestFacts<'_>) {
        let kept = KeptRequest {
            ended_at: SystemTime::now(),
            request_id: facts.request_id.clone(),
            generation: facts.generation,
            status: line.status,
            microseconds: line.microseconds,
            texts: Texts::new([
                line.service,
                Some(line.method),
                Some(cut(line.path)),
                line.subject,
                facts.role,
                line.client,
                line.code,
                line.cause.map(cut),
            ]),
            work: facts.work.map(Arc::clone),
        };
        match line.status < 400 {
            true => self.done.keep(kept),
            false => self.refused.keep(kept),
        }
    }

    /// The requests of an id, newest first.
    pub fn find(&self, id: &str) -> Vec<RequestView> {
        let mut found = self.done.find(id);
        found.extend(self.refused.find(id));
        found.sort_by(|one, other| other.ended_at.cmp(&one.ended_at));
        found
    }
}

impl KeptRequest {
    fn view(&self) -> RequestView {
        let [service, method, path, subject, role, client, code, cause] = self.texts.read();
        RequestView {
            ended_at: rfc3339::of(self.ended_at),
            request_id: self.request_id.to_str().unwrap_or_default().to_owned(),
            service,
            generation: self.generation,
            method,
            path,
            status: self.status,
            microseconds: self.microseconds,
            subject,
            role,
            client,
            code,
            cause,
            work: self
                .work
                .as_ref()
                .map(|work| work.done())
                .unwrap_or_default(),
        }
    }
}

/// As much of a text as is kept.
pub(super) fn cut(text: &str) -> &str {
    beginning(text, TEXT_BYTES_MAX)
}

/// The beginning of a text, of which others may have chosen the length.
pub fn beginning(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(recent: &RecentRequests, id: &'static str, path: &str) {
        let facts = RequestFacts {
            request_id: &HeaderValue::from_static(id),
            generation: None,
            role: None,
            work: None,
        };
        recent.keep(&AccessLine::of(id, path), facts);
    }

    #[test]
    fn the_latest_requests_are_found_by_their_ids_newest_first() {
        let recent = RecentRequests::default();
        for path in ["/1", "/2"] {
            keep(&recent, "a", path);
        }
        keep(&recent, "b", &"x".repeat(TEXT_BYTES_MAX + 1));
        let paths = |id| recent.find(id).into_iter().filter_map(|one| one.path);
        assert_eq!(paths("a").collect::<Vec<_>>(), ["/2", "/1"]);
        assert_eq!(paths("b").next().unwrap().len(), TEXT_BYTES_MAX);
        assert_eq!(paths("c").next(), None);
    }

    #[test]
    fn the_oldest_request_goes_first() {
        let recent = RecentRequests::default();
        keep(&recent, "first", "/");
        for _ in 1..DONE_MAX {
            keep(&recent, "other", "/");
        }
        assert_eq!(recent.find("first").len(), 1);
        keep(&recent, "last", "/");
        assert!(recent.find("first").is_empty());
        assert_eq!(recent.find("other").len(), FOUND_MAX);
    }

    #[test]
    fn texts_are_read_as_they_were_and_only_the_last_may_have_separators() {
        let mut given = [None; TEXTS];
        (given[0], given[2], given[TEXTS - 1]) = (Some("a"), Some("b c"), Some("d\0e"));
        let read = Texts::new(given).read();
        assert_eq!(read.each_ref().map(Option::as_deref), given);
    }
}
