//! Measures Strongroom beside a native server and PostgreSQL: requests and transfers a second,
//! memory, and the time until it is ready.
//!
//! The scripts start and stop the servers. Each command here takes one measurement and keeps it as
//! a record in a folder. `report`, `edge`, `verdict`, and `overload` print the records and judge
//! them; `lists` judges what it measures itself.

mod bank;
mod edge;
mod judge;
mod load;
mod native;
mod pgbench;
mod probe;
mod record;
mod report;
mod torture;

use std::process::ExitCode;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(about)]
enum Command {
    /// Serve `hello` natively until killed: the twin of the hello component
    Native,
    /// Measure how long a durable write to a folder's disk takes
    Disk(probe::disk::DiskCommand),
    /// Wait until a new host is ready; prints its public address
    Ready(probe::ready::ReadyCommand),
    /// Read a process's resident memory
    Memory(probe::process::MemoryCommand),
    /// Open the bank: customers, accounts, money
    Seed(bank::seed::SeedCommand),
    /// Fill the stores of a bank that is not running with accounts and transfers
    Fill(bank::fill::FillCommand),
    /// Time the first page of each list of a large bank, and judge it
    Lists(bank::lists::ListsCommand),
    /// Load a server with requests for `hello`
    Hello(load::hello::HelloCommand),
    /// Load the bank with transfers between random accounts
    Transfers(load::transfers::TransfersCommand),
    /// Load the bank with reads of random accounts' balances
    Balances(load::balances::BalancesCommand),
    /// Load the bank with logins
    Logins(load::logins::LoginsCommand),
    /// Read the logs of pgbench
    Pgbench(pgbench::PgbenchCommand),
    /// Print the table
    Report(record::Records),
    /// Swap components of a running host, many times, by saving its registry
    Swaps(torture::swaps::SwapsCommand),
    /// Print and judge what the swaps cost
    Verdict(torture::verdict::VerdictCommand),
    /// Print and judge what a hostile component costs the bank
    Overload(record::Records),
    /// Print and judge what the edge costs
    Edge(record::Records),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Native => native::run(),
        Command::Disk(arguments) => arguments.run(),
        Command::Ready(arguments) => arguments.run(),
        Command::Memory(arguments) => arguments.run(),
        Command::Seed(arguments) => arguments.run(),
        Command::Fill(arguments) => arguments.run(),
        Command::Lists(arguments) => arguments.run(),
        Command::Hello(arguments) => arguments.run(),
        Command::Transfers(arguments) => arguments.run(),
        Command::Balances(arguments) => arguments.run(),
        Command::Logins(arguments) => arguments.run(),
        Command::Pgbench(arguments) => arguments.run(),
        Command::Report(records) => report::run(&records),
        Command::Swaps(arguments) => arguments.run(),
        Command::Verdict(arguments) => arguments.run(),
        Command::Overload(records) => torture::overload::run(&records),
        Command::Edge(records) => edge::run(&records),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strongroom-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
