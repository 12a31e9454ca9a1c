//! Why a component cannot serve, in words that name the file, the import, or the export.

use crate::links::LinkProblem;
use crate::registry::{Digest, Grant};
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// All problems in one line.
pub fn in_one_line(problems: &[impl Display]) -> String {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// One reason.
#[derive(Debug, thiserror::Error)]
pub enum LoadProblem {
    /// The file cannot be read.
    #[error("{file}: cannot be read: {error}; build the component, or correct `component`")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        error: std::io::Error,
    },
    /// The file is not the one that the operator pinned.
    #[error("{file}: its digest is {found}, and `digest` pins {pinned}")]
    OtherDigest {
        /// The file.
        file: PathBuf,
        /// What it is.
        found: Digest,
        /// What it must be.
        pinned: Digest,
    },
    /// The file is no component. The text tells nothing more, as it may be any file.
    #[error(
        "{file}: is not a WebAssembly component; a core module must be made one, such as by `wasm-tools component new`"
    )]
    NotAComponent {
        /// The file.
        file: PathBuf,
    },
    /// The file is a broken component, or uses what this engine does not know.
    #[error("{file}: is not a WebAssembly component that this host can run: {reason}")]
    Unrunnable {
        /// The file.
        file: PathBuf,
        /// The engine's words.
        reason: String,
    },
    /// It imports an interface that this host does not have.
    #[error(
        "imports `{import}`, which this host does not have; if a service exports it, add it to `links`"
    )]
    UnknownImport {
        /// The interface.
        import: String,
    },
    /// It imports an interface that must be granted.
    #[error("imports `{import}`, which it was not granted; add \"{}\" to `grants` if it may have it", grant.name())]
    NotGranted {
        /// The interface.
        import: String,
        /// The word for it.
        grant: Grant,
    },
    /// It imports an interface of a type that the host's does not have.
    #[error("does not fit this host: {0}")]
    DoesNotFit(String),
    /// It handles no HTTP requests.
    #[error(
        "exports neither `wasi:http/incoming-handler` (WASI 0.2) nor `wasi:http/handler` (WASI 0.3), so it cannot serve requests"
    )]
    NoHandler,
    /// The callee of a link did not load.
    #[error("the link `{import}` leads to `{callee}`, which did not load")]
    CalleeFailed {
        /// The interface.
        import: String,
        /// The service.
        callee: String,
    },
    /// The callee of a link does not export the interface.
    #[error(
        "the link `{import}` leads to `{callee}`, which does not export this interface (in this version)"
    )]
    NotExported {
        /// The interface.
        import: String,
        /// The service.
        callee: String,
    },
    /// The two sides of a link do not fit.
    #[error("the link `{import}`: {problem}")]
    Link {
        /// The interface.
        import: String,
        /// What does not fit.
        problem: LinkProblem,
    },
    /// A service that calls this one, and does not change with it, could not call the new
    /// component.
    #[error("does not fit `{caller}`, which calls it and goes on as it is: {problem}")]
    BreaksCaller {
        /// The caller's service.
        caller: String,
        /// What does not fit.
        problem: Box<LoadProblem>,
    },
    /// The links of a change that was taken in part would lead in a circle.
    #[error("would call itself by way of services whose changes were refused")]
    Circle,
    /// A service that calls this one is still there.
    #[error("cannot be removed: `{caller}` still links to it")]
    StillCalled {
        /// The caller's service.
        caller: String,
    },
    /// The service's store cannot be opened.
    #[error("{file}: the store cannot be opened: {error}")]
    Store {
        /// The file.
        file: PathBuf,
        /// SQLite's words.
        error: String,
    },
    /// The service's store is not there.
    #[error("{file}: there is no such store: the service has never run here, or its data is gone")]
    NoStore {
        /// The file.
        file: PathBuf,
    },
    /// The component's own `start` refused.
    #[error("its `start` failed: {0}")]
    Start(String),
    /// No instance could be made.
    #[error(
        "no instance of it can be made: {0}; if it needs more than `limits` allows, raise that"
    )]
    Instantiate(String),
    /// The engine refused for a reason of its own.
    #[error("{0}")]
    Engine(String),
}

impl LoadProblem {
    /// The file cannot be read, for this reason.
    pub fn unreadable(file: &Path, error: std::io::Error) -> Self {
        let file = file.to_owned();
        Self::Unreadable { file, error }
    }
}
