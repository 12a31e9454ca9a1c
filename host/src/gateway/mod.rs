//! The public side: from a socket to a service and back.
//!
//! A request's way, in order:
//! 1. [`listener`] accepts the connection, perhaps by [`tls`], and speaks HTTP/1.1 or HTTP/2;
//! 2. [`pipeline`] begins an [`exchange`], which has an id and ends with the access log's line. The
//!    steps that follow are one list there:
//! 3. [`cors`] responds to a browser that asks whether a page may call;
//! 4. [`limits`] refuses what no honest client sends;
//! 5. [`openapi`] responds where the document of all calls is asked for; otherwise
//!    [`service_path`] finds the service by the first segment under `/api`, and [`proxies`] the
//!    client's address;
//! 6. [`admission`] refuses a client whose [`rate`] is used up, and verifies the token or key with
//!    its scope, unless the route is public; [`on_behalf_of`] lets a key act for a customer;
//! 7. [`open_responses`] refuses a client that does not take its responses;
//! 8. [`identity`] replaces the claims of the client by verified ones; [`trace`] begins a span;
//! 9. [`body`] reads the request's body into its share of [`body_memory`];
//! 10. the service's generation responds, and the client takes that as a [`response_body`], which
//!     [`observed_stream`] sees.
//!
//! [`connections`](crate::connections) counts what is open and ends what is idle. [`problem`] is
//! the one place that turns a failure of any step into a problem document.

mod admission;
mod body;
mod body_memory;
mod cors;
mod exchange;
mod figures;
mod identity;
mod limits;
mod listener;
mod observed_stream;
mod on_behalf_of;
mod open_responses;
mod openapi;
mod pipeline;
mod problem;
mod proxies;
mod rate;
mod request_id;
mod response_body;
mod service_path;
mod service_problem;
mod tls;
mod trace;

pub use listener::Listener;
pub use pipeline::Gateway;
pub use problem::PROBLEM_JSON;
pub use tls::Tls;
