//! Requests of a service to the outside: only to the origins of the registry's `outbound`.
//!
//! The trait lets a native test be the outside. In a component it is `wasi:http/outgoing-handler`
//! (`HostClient`).

#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(target_family = "wasm")]
pub use wasm::HostClient;

use http::Uri;
use http::uri::Scheme;
use std::time::Duration;

/// An absolute `http` or `https` URL without a user or a fragment, and with a port from 1 to 65535
/// if it has one.
///
/// ```
/// use strongroom_sdk::http::client::Target;
///
/// let target = Target::parse("https://example.org:8443/hook?a=b").expect("a URL to send to");
/// assert_eq!(target.origin(), "https://example.org:8443");
/// assert_eq!(target.path_and_query(), "/hook?a=b");
/// assert!(Target::parse("ftp://example.org").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(Uri);

impl Target {
    /// Reads a URL; none for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('#') {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let is_web = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
        let authority = uri.authority()?.as_str();
        let host = uri.host().filter(|host| !host.is_empty())?;
        let is_port_valid = match authority.strip_prefix(host)? {
            "" => true,
            port => port
                .strip_prefix(':')
                .filter(|digits| !digits.starts_with('+'))?
                .parse()
                .is_ok_and(|port: u16| port != 0),
        };
        (is_web && is_port_valid).then_some(Self(uri))
    }

    /// Scheme, host, and port.
    pub fn origin(&self) -> String {
        let scheme = if self.is_https() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// The whole URL.
    pub fn url(&self) -> String {
        self.0.to_string()
    }

    /// Whether the scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.0
            .authority()
            .map_or("", |authority| authority.as_str())
    }

    /// Path and query.
    pub fn path_and_query(&self) -> &str {
        self.0.path_and_query().map_or("/", |path| path.as_str())
    }
}

/// A POST to the outside.
#[derive(Debug, Clone)]
pub struct Post {
    /// The URL to send to.
    pub target: Target,
    /// The names and values of the headers. The client adds `content-length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as sent.
    pub body: Vec<u8>,
}

/// Why there is no response. The receiver may have seen the request all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The registry does not name this origin.
    #[error("the registry does not allow this origin (`outbound`)")]
    NotAllowed,
    /// There was no response in time.
    #[error("no answer in time")]
    TimedOut,
    /// Any other failure, such as a refused connection.
    #[error("{0}")]
    Failed(String),
}

/// Sends requests to the outside.
pub trait Client {
    /// Requests that are under way, each with a key of the caller's.
    type Requests<K>: Requests<K>;

    /// Whether the registry names the target's origin.
    fn allows(&self, target: &Target) -> bool;

    /// No requests yet. Each that is sent has `timeout` for its response.
    fn requests<K>(&self, timeout: Duration) -> Self::Requests<K>;

    /// Sends one request, and waits for the status of its response.
    ///
    /// # Errors
    /// [`SendError`].
    fn post(&self, post: &Post, timeout: Duration) -> Result<u16, SendError> {
        let mut requests = self.requests(timeout);
        requests.send((), post);
        loop {
            if let Some(((), result)) = requests.wait(timeout).pop() {
                return result;
            }
        }
    }
}

/// Requests that are under way at once. Dropping them cancels them.
pub trait Requests<K> {
    /// Sends a request, and does not wait for its response. No write transaction may be open: the
    /// host refuses the request then.
    fn send(&mut self, key: K, post: &Post);

    /// Waits until a request has a result, for at most so long; returns the results that there are,
    /// each the status of a response or why there is none. Returns at once where nothing is under
    /// way.
    fn wait(&mut self, at_most: Duration) -> Vec<(K, Result<u16, SendError>)>;
}

#[cfg(test)]
mod tests;
