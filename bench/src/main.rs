//! Measures Strongroom: how fast it answers and pays beside a native server and PostgreSQL, how small it is, how soon it is ready.
//!
//! `run.sh` starts and stops the servers; each command here takes one measurement of what runs and keeps it as a record in a
//! folder, from which `report` makes the table.

mod bank;
mod edge;
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
    /// Measure what a durable write to a folder's disk takes
    Disk(probe::disk::Arguments),
    /// Wait until a host that was just started is ready; prints its public address
    Ready(probe::ready::Arguments),
    /// Read a process's resident memory
    Memory(probe::memory::Arguments),
    /// Open the bank: customers, accounts, money
    Seed(bank::seed::Arguments),
    /// Fill the ledger's file of a bank that is not running with accounts and transfers
    Fill(bank::fill::Arguments),
    /// Load a server with requests for `hello`
    Hello(load::hello::Arguments),
    /// Load the bank with transfers between random accounts
    Transfers(load::transfers::Arguments),
    /// Load the bank with questions for random accounts' balances
    Balances(load::balances::Arguments),
    /// Load the bank with logins
    Logins(load::logins::Arguments),
    /// Read what pgbench printed and logged
    Pgbench(pgbench::Arguments),
    /// Print the table
    Report(report::Arguments),
    /// Swap components of a running host again and again by saving its registry
    Swaps(torture::swaps::Arguments),
    /// Print what the swaps cost, and judge it
    Verdict(torture::verdict::Arguments),
    /// Print what attacks from within cost the bank, and judge it
    Siege(torture::siege::Arguments),
    /// Print what the edge costs, and judge it
    Edge(edge::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Native => native::run(),
        Command::Disk(arguments) => arguments.run(),
        Command::Ready(arguments) => arguments.run(),
        Command::Memory(arguments) => arguments.run(),
        Command::Seed(arguments) => arguments.run(),
        Command::Fill(arguments) => arguments.run(),
        Command::Hello(arguments) => arguments.run(),
        Command::Transfers(arguments) => arguments.run(),
        Command::Balances(arguments) => arguments.run(),
        Command::Logins(arguments) => arguments.run(),
        Command::Pgbench(arguments) => arguments.run(),
        Command::Report(arguments) => arguments.run(),
        Command::Swaps(arguments) => arguments.run(),
        Command::Verdict(arguments) => arguments.run(),
        Command::Siege(arguments) => arguments.run(),
        Command::Edge(arguments) => arguments.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strongroom-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
