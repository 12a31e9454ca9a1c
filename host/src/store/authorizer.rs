//! What a guest's SQL may do. SQLite asks for every action of a statement when it is prepared.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Lets the host's own statements pass on a connection whose other statements are a guest's.
#[derive(Debug, Clone, Default)]
pub(super) struct HostPass(Arc<AtomicBool>);

impl HostPass {
    /// Runs `act` with the host's rights.
    pub(super) fn with<T>(&self, act: impl FnOnce() -> T) -> T {
        self.0.store(true, Relaxed);
        let result = act();
        self.0.store(false, Relaxed);
        result
    }

    /// The decision on one action.
    pub(super) fn authorize(&self, context: &AuthContext<'_>) -> Authorization {
        if self.0.load(Relaxed) || is_allowed(&context.action) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }
}

/// A guest owns its tables; it never sees files, settings, other connections, or the host's transaction.
///
/// Temporary tables are refused too: a connection is shared by all instances of a service, and nothing may pass between
/// requests but through the store itself.
fn is_allowed(action: &AuthAction<'_>) -> bool {
    match action {
        AuthAction::Read { .. }
        | AuthAction::Select
        | AuthAction::Insert { .. }
        | AuthAction::Update { .. }
        | AuthAction::Delete { .. }
        | AuthAction::Recursive
        | AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::AlterTable { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::DropView { .. }
        | AuthAction::DropTrigger { .. }
        | AuthAction::Reindex { .. } => true,
        AuthAction::Function { function_name } => !matches!(
            function_name.to_ascii_lowercase().as_str(),
            "load_extension" | "fts3_tokenizer" | "writefile" | "readfile" | "edit"
        ),
        _ => false,
    }
}
