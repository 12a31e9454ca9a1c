//! The bank when things fail: a crash at any point, a power cut, a disk that errs, a disk that is full.
//!
//! Goal: no acknowledged transfer is lost, none is doubled, none is half done; and nothing is done that no client asks for.
//!
//! Method: the binary `strongroom-faulty` fails where a plan says; then the binary of every day is started on what is left. Every test keeps
//! [`books`] from the answers alone, and the bank must say the same: balances, the journal and nothing else in it, each answer again to
//! the byte, and `strongroom verify`. That each planned fault has happened is asserted too.
//!
//! The short form takes each point once; `./build.sh torture ledger` goes to the full marks.

mod books;
mod crash_points;
mod disk_full;
mod io_errors;
mod load;
mod power_loss;
mod request;
mod scene;
