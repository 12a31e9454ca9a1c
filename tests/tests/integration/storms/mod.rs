//! Storms: many clients want the same account, the same key, the same hold, the same moment.
//!
//! Each test is short here, and runs at full scale in `./build.sh torture ledger`. What each
//! client was told is held against the journal, and the journal against a model of the bank
//! ([`strongroom_tests::history`]).
//!
//! [`movement`](crate::movement) has the race that is short at its full scale: 200 debits and holds
//! of 1 on a balance of 100.

mod holds;
mod keys;
mod order;
mod payer;
mod reversals;
mod standing_orders;
mod sums;
