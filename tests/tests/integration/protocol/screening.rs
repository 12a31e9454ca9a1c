//! A screening between T and A (`components/screening/src/gate.rs`): it keeps nothing.
//!
//! It asks for a verdict on unknown ids only. An id that `lookup-many` finds passes, as A only
//! recalls it. So does a `cancel`, which goes from T to A here. Without a verdict the call returns
//! `not-screened`, and T responds with a 503: nothing is sent.

use crate::protocol::account::Account;
use crate::protocol::history::History;
use crate::protocol::model::Protocol;
use crate::protocol::mutant::Mutant;
use crate::protocol::network::Network;
use crate::protocol::words::{Call, Caller, Function};

/// What `screen` returns. The same transfer may get another verdict each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    Allowed,
    Denied,
    /// Nonsense, a time-out, a trap, or swapped away.
    Missing,
}

/// All verdicts.
pub const VERDICTS: [Verdict; 3] = [Verdict::Allowed, Verdict::Denied, Verdict::Missing];

/// A `post` arrives.
pub fn judge(
    protocol: &Protocol,
    account: &Account,
    caller: Caller,
    verdict: Verdict,
    network: &mut Network,
    history: &mut History,
) {
    let books = if protocol.is(Mutant::ScreeningReadsOpenGroup) {
        &account.store.now
    } else {
        &account.store.durable
    };
    let is_known = books.record(protocol.id(caller.transfer())).is_some();
    let function = match verdict {
        _ if is_known => Function::Post,
        Verdict::Allowed => {
            history.allowed.add(caller.transfer());
            Function::Post
        }
        Verdict::Denied => Function::PostDenied,
        Verdict::Missing if protocol.is(Mutant::PassWithoutVerdict) => Function::Post,
        Verdict::Missing => return,
    };
    network.screened.add(Call { caller, function });
}
