//! A screening between T and A (`components/screening/src/gate.rs`): it keeps nothing.
//!
//! It asks for a verdict on unknown ids only. An id that `lookup-many` finds passes, as A only
//! recalls it. So does a `cancel`, which goes from T to A here. Without a verdict the call returns
//! `not-screened`, and T responds with a 503: nothing is sent.

use super::*;

members! {
    /// What `screen` returns. The same transfer may get another verdict each time.
    pub enum Verdict {
        Allowed,
        Denied,
        /// Nonsense, a time-out, a trap, or swapped away.
        Missing,
    }
}

impl State {
    /// A `post` arrives.
    pub fn judge(&mut self, protocol: &Protocol, caller: Caller, verdict: Verdict) {
        let books = self
            .account
            .seen(protocol.is(Mutant::ScreeningReadsOpenGroup));
        let is_known = books.record(protocol.id(caller.transfer())).is_some();
        let function = match verdict {
            _ if is_known => Function::Post,
            Verdict::Allowed => {
                self.history.allowed.add(caller.transfer());
                Function::Post
            }
            Verdict::Denied => Function::PostDenied,
            Verdict::Missing if protocol.is(Mutant::PassWithoutVerdict) => Function::Post,
            Verdict::Missing => return,
        };
        self.network.screened.add(Call { caller, function });
    }
}
