//! Goal: an operator sees that the gateway does not learn of ended sessions.
//! Method: a gateway that is down while a session ends.

use super::kit::*;
use crate::metrics::metrics;

#[test]
fn revocations_that_the_gateway_does_not_have_are_counted() {
    let (bank, tokens) = Bank::with_session();
    let undelivered = || metrics(&bank.service.store).unwrap()[0].samples[0].value;
    bank.gateway.broken.set(true);
    let _ = bank.service.end_session(tokens.session, ALICE);
    assert_eq!(undelivered(), 1);
    bank.gateway.broken.set(false);
    bank.service.deliver_pending().unwrap();
    assert_eq!(undelivered(), 0);
}
