//! The bank when things fail: a crash at any point, a power cut, a disk that errs, a disk that is
//! full.
//!
//! Goal: no acknowledged transfer is lost, none is doubled, none is half done. Nothing happens that
//! no client asks for.
//!
//! Method: the binary `strongroom-faulty` fails where a plan says; then the released binary is
//! started on what is left. Every test keeps [`books`] of the responses alone, and the bank must
//! agree with them: balances, the journal and nothing else in it, the bytes of each response to a
//! retry, and `strongroom verify`. The test also asserts that each planned fault has happened.
//!
//! The short form takes each point once; `./build.sh torture ledger` runs at full scale.

mod books;
mod crash_points;
mod disk_full;
mod io_errors;
mod load;
mod power_loss;
mod request;
mod scene;
