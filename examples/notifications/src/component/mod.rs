//! The shell that makes the library a WebAssembly component.

mod bindings;
mod http;
mod lifecycle;
mod routes;

struct Component;
