//! The text of a plan.
//!
//! Faults are separated by `;`, each a verb and `key=value` words:
//! - `error store=accounts op=write at=30 code=EIO for=once`: the 30th write fails; `for=good` fails all from the 30th on;
//! - `power-loss store=* at=17 model=drop seed=5`: the power goes at the 17th sync, before that has taken effect;
//! - `crash store=transactions call=commit when=after at=3`: SIGKILL the third time that a guest is to be told of its commit;
//! - `trap store=accounts call=execute when=before at=2`: the guest dies of its second such call.
//!
//! `store` is the stem of a store's file, or `*`; what is counted for `*` is the sum over all. Of the rest of a plan each stands alone:
//! - `after-start`, the first word: nothing counts before every service serves;
//! - `synchronous=normal`: the writer waits for no disk, which a power loss must find out;
//! - `count`: the process says at its normal end how often everything happened;
//! - `page-cache=FILE`: what is not on disk when the process dies outlives it in this file, as it does in a machine that goes on.

mod parse;

pub use parse::PlanError;

use std::fmt::{self, Display};
use std::path::PathBuf;

/// What goes wrong, and what else the process does for a test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Whether nothing counts before every service serves.
    pub is_after_start: bool,
    /// Whether the writer's connection waits for no disk.
    pub is_synchronous_normal: bool,
    /// Whether the process says at its normal end how often everything happened.
    pub count: bool,
    /// Where what is not on disk outlives the process.
    pub page_cache: Option<PathBuf>,
    /// The faults.
    pub faults: Vec<Fault>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An operation of the disk fails.
    Error(IoError),
    /// The power goes.
    PowerLoss(PowerLoss),
    /// The process is killed.
    Crash(Crash),
    /// A guest dies of a call.
    Trap(Crash),
}

/// An operation of the disk that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoError {
    /// Of which store.
    pub store: Stores,
    /// Which operation.
    pub operation: Operation,
    /// The how manieth, from 1.
    pub at: u64,
    /// How it fails.
    pub code: Code,
    /// Whether the disk recovers.
    pub lasting: Lasting,
}

/// The end of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerLoss {
    /// Whose syncs are counted. What is lost is what is not on disk, of any store.
    pub store: Stores,
    /// At the how manieth sync, from 1.
    pub at: u64,
    /// What of the writes that no sync has covered is on disk.
    pub model: Model,
    /// Of the model's choices.
    pub seed: u64,
}

/// A call of a guest at its store, at which something ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// Of which store.
    pub store: Stores,
    /// Which call.
    pub call: Call,
    /// On which side of it.
    pub when: When,
    /// The how manieth, from 1.
    pub at: u64,
}

/// The stores that a fault watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stores {
    /// All, counted together.
    All,
    /// That of a service.
    Of(String),
}

impl Stores {
    /// Whether `store` is among them.
    pub fn contain(&self, store: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(name) => name == store,
        }
    }
}

/// Whether a disk recovers from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// The next operation goes well.
    Once,
    /// Every further operation of the kind fails too.
    Good,
}

/// Defines an enum whose values are words of a plan.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident { $($(#[$about:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $value,)+ }

        impl $name {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// The word of a plan.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }

        impl Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What SQLite does with a store's files: the database, its write-ahead log, and its rollback journal together.
    Operation {
        /// Reading a part of a file.
        Read = "read",
        /// Writing one.
        Write = "write",
        /// Waiting until a file is on disk.
        Sync = "sync",
        /// Setting a file's size.
        Truncate = "truncate",
        /// Opening a file.
        Open = "open",
    }
}

words! {
    /// How an operation fails.
    Code {
        /// The device is broken.
        Eio = "EIO",
        /// The device is full.
        Enospc = "ENOSPC",
    }
}

words! {
    /// What of the writes that no sync has covered is on disk when the power goes.
    Model {
        /// None.
        Drop = "drop",
        /// Any, whatever their order was.
        Reorder = "reorder",
        /// Any, and some of them up to a sector's end only.
        Torn = "torn",
    }
}

words! {
    /// What a guest asks of its store.
    Call {
        /// A write transaction.
        Begin = "begin",
        /// A write transaction and its first question.
        BeginQuery = "begin-query",
        /// A change, within a transaction.
        Execute = "execute",
        /// A question, within a transaction.
        Query = "query",
        /// To keep the transaction, and to be told when it is on disk.
        Commit = "commit",
        /// To make changes, to keep the transaction, and to be told when it is on disk.
        CommitWith = "commit-with",
        /// To keep the transaction, without waiting.
        CommitLater = "commit-later",
        /// A question, outside of any transaction.
        Read = "read",
    }
}

words! {
    /// On which side of a call.
    When {
        /// Nothing of it has happened.
        Before = "before",
        /// All of it has happened, and the guest has not been told. A commit is on disk.
        After = "after",
    }
}

impl Display for Stores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::All => "*",
            Self::Of(name) => name,
        })
    }
}

impl Display for Lasting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Once => "once",
            Self::Good => "good",
        })
    }
}

impl Display for Crash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            store,
            call,
            when,
            at,
        } = self;
        write!(formatter, "store={store} call={call} when={when} at={at}")
    }
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(IoError {
                store,
                operation,
                at,
                code,
                lasting,
            }) => {
                write!(
                    formatter,
                    "error store={store} op={operation} at={at} code={code} for={lasting}"
                )
            }
            Self::PowerLoss(PowerLoss {
                store,
                at,
                model,
                seed,
            }) => {
                write!(
                    formatter,
                    "power-loss store={store} at={at} model={model} seed={seed}"
                )
            }
            Self::Crash(crash) => write!(formatter, "crash {crash}"),
            Self::Trap(crash) => write!(formatter, "trap {crash}"),
        }
    }
}

impl Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.is_after_start {
            parts.push("after-start".to_owned());
        }
        if self.is_synchronous_normal {
            parts.push("synchronous=normal".to_owned());
        }
        if self.count {
            parts.push("count".to_owned());
        }
        if let Some(file) = &self.page_cache {
            parts.push(format!("page-cache={}", file.display()));
        }
        parts.extend(self.faults.iter().map(Fault::to_string));
        formatter.write_str(&parts.join("; "))
    }
}

#[cfg(test)]
mod tests;
