//! Each call and command that users are promised, tried by a test that bears its name. What the
//! keys of the registry do, the tests of `swap` and `bounds` say, and those of `host/src/registry`.

mod admin_listener;
mod api;
mod check;
mod commands;
mod document;
mod errors;
mod http_accounts;
mod http_auth;
mod http_idempotency;
mod http_keys;
mod http_lists;
mod http_token;
mod http_transactions;
mod private_files;
