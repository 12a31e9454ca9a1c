//! The public side: from a socket to a service and back.
//!
//! A request's way, in order:
//! 1. [`listener`] accepts the connection, perhaps by [`tls`], and speaks HTTP/1.1 or HTTP/2;
//! 2. [`pipeline`] gives the request an id and writes the access log; all that follows is one list
//!    in there, inside [`cors`]:
//! 3. [`limits`] refuses what no honest client sends;
//! 4. [`proxies`] says from where it came, and [`service_path`] finds the service by the first segment
//!    under `/api`;
//! 5. [`rate`] turns away a client that sends too much;
//! 6. [`authenticate`] verifies the token, unless the route is public;
//! 7. [`open_responses`] turns away a client that takes too little;
//! 8. [`identity`] takes away what the client said of itself, and says who it is; [`trace`] begins
//!    a span;
//! 9. [`body`] reads the request's body, within bounds and [`shares`];
//! 10. the service's current generation responds, and the client takes that as a
//!     [`response_body`], which [`observed_stream`] sees.
//!
//! [`connections`](crate::connections) counts what is open and ends what is idle. [`problem`] is
//! the one place that turns a failure of any step into a problem document.

mod authenticate;
mod body;
mod cors;
mod exchange;
mod identity;
mod limits;
mod listener;
mod observed_stream;
mod open_responses;
mod pipeline;
mod problem;
mod proxies;
mod rate;
mod request_id;
mod response_body;
mod service_path;
mod shares;
mod tls;
mod trace;

pub use listener::Listener;
pub use pipeline::Gateway;
