//! The text of a plan.
//!
//! Faults are separated by `;`, each a verb and `key=value` words:
//! - `error store=accounts op=write at=30 code=EIO for=once`: the 30th write fails; with
//!   `for=good`, all from the 30th on;
//! - `power-loss store=* at=17 model=drop seed=5`: the power goes at the 17th sync, before that has
//!   taken effect;
//! - `crash store=transactions call=commit when=after at=3`: SIGKILL before a guest gets the result
//!   of its third commit;
//! - `trap store=accounts call=execute when=before at=2`: the guest dies of its second such call.
//!
//! `store` is the stem of a store's file, or `*`, which counts all stores together. Other parts of
//! a plan are single words:
//! - `after-start`: counting begins when every service serves;
//! - `synchronous=normal`: the writer does not wait for the disk, which a power loss must expose;
//! - `count`: the process prints its counts at its normal end;
//! - `page-cache=FILE`: this file keeps the data that is not on disk when the process dies, as the
//!   page cache of a machine that goes on does.

mod parse;

pub use parse::PlanError;

use serde::Deserialize;
use std::fmt::{self, Display};
use std::path::PathBuf;

/// The faults of a process, and its other settings for a test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub is_after_start: bool,
    pub is_synchronous_normal: bool,
    pub count: bool,
    pub page_cache: Option<PathBuf>,
    /// The faults, in the order of the text.
    pub faults: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its words in the plan.
    pub text: String,
    /// The store whose operations or calls count; none for all stores, counted together.
    pub store: Option<String>,
    /// Which one of them, from 1.
    pub at: u64,
    pub kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultKind {
    /// An operation of the disk fails.
    Error {
        #[serde(rename = "op")]
        operation: Operation,
        code: Code,
        #[serde(rename = "for", default)]
        lasting: Lasting,
    },
    /// The power goes at a sync. All stores lose the data that is not on disk.
    PowerLoss(PowerLoss),
    /// The process is killed before or after a guest's call at its store.
    Crash { call: Call, when: When },
    /// The guest dies of such a call.
    Trap { call: Call, when: When },
}

/// What a power loss leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerLoss {
    /// Which writes are on disk that no sync has covered.
    pub model: Model,
    /// The seed of the model's choices.
    #[serde(default)]
    pub seed: u64,
}

/// Defines enums whose values are words of a plan.
macro_rules! words {
    ($(
        $(#[$attribute:meta])*
        $name:ident { $($(#[$about:meta])* $value:ident = $word:literal,)+ }
    )+) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        pub enum $name { $($(#[$about])* #[serde(rename = $word)] $value,)+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$value),+];
        }

        impl Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(match self { $(Self::$value => $word,)+ })
            }
        }
    )+};
}

words! {
    /// An operation on a store's files: the database, its write-ahead log, and its rollback
    /// journal.
    Operation {
        Read = "read",
        Write = "write",
        /// Waiting until a file is on disk.
        Sync = "sync",
        Truncate = "truncate",
        Open = "open",
    }

    Code {
        Eio = "EIO",
        Enospc = "ENOSPC",
    }

    /// Whether only one operation fails, or every later one of the kind too.
    #[derive(Default)]
    Lasting {
        #[default]
        Once = "once",
        Good = "good",
    }

    /// Which writes are on disk, of those that no sync has covered, when the power goes.
    Model {
        /// None.
        Drop = "drop",
        /// Any, whatever their order was.
        Reorder = "reorder",
        /// Any, some of them only up to the end of a sector.
        Torn = "torn",
    }

    /// A call of a guest at its store.
    Call {
        Begin = "begin",
        BeginQuery = "begin-query",
        Execute = "execute",
        /// A query in a transaction.
        Query = "query",
        /// Keeps the transaction, and waits until it is on disk.
        Commit = "commit",
        /// Makes changes, keeps the transaction, and waits until it is on disk.
        CommitWith = "commit-with",
        /// Keeps the transaction, and does not wait.
        CommitLater = "commit-later",
        /// A query outside of transactions.
        Read = "read",
    }

    /// The side of a call.
    When {
        /// The call has had no effect.
        Before = "before",
        /// The call has had its effect, and the guest has no result yet. A commit is on disk.
        After = "after",
    }
}

#[cfg(test)]
mod tests;
