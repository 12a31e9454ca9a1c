//! Each call, command and key that users are promised, tried by a test that bears its name.

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
mod registry;
