//! API keys at the gateway.
//!
//! Goal: a key opens what its scopes and, for a customer, the customer's rights allow together,
//! until it is revoked or expires, and nothing after that. Method: keys that an administrator made,
//! at a component that returns the headers it gets, and at the bank's own services. What the log of
//! keys holds after a crash, the tests of `host/src/keys` say.

mod refusals;
mod revocation;
mod rotation;
