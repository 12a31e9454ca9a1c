//! The shell that makes a WebAssembly component of the library.

mod bindings;
mod http;
mod lifecycle;
mod routes;

struct Component;
