//! What a guest's SQL may do. SQLite asks for every action of a statement when it compiles it.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// The functions that a guest may call: they take time by the length of their arguments, and touch
/// nothing else. Nothing can interrupt a step of SQLite's virtual machine, so the list has no
/// function that takes longer (`json_patch` and its kind), and `instr`, `replace`, `trim`, and
/// `unhex` are our own (see [`sql_functions`](super::sql_functions)).
#[rustfmt::skip]
const FUNCTIONS_ALLOWED: &[&str] = &[
    "abs", "coalesce", "iif", "if", "ifnull", "likelihood", "likely", "unlikely", "max", "min",
    "nullif", "round", "sign",
    "char", "concat", "concat_ws", "format", "glob", "hex", "instr", "length", "like", "lower",
    "ltrim", "octet_length", "printf",
    "quote", "replace", "rtrim", "substr", "substring", "trim", "typeof", "unhex", "unicode",
    "upper", "zeroblob",
    "random", "randomblob", "changes", "last_insert_rowid", "total_changes",
    "avg", "count", "group_concat", "string_agg", "sum", "total",
    "cume_dist", "dense_rank", "first_value", "lag", "last_value", "lead", "nth_value", "ntile",
    "percent_rank", "rank", "row_number",
    "date", "datetime", "julianday", "strftime", "time", "timediff", "unixepoch",
    "current_date", "current_time", "current_timestamp",
    "->", "->>", "json", "json_array", "json_array_length", "json_extract", "json_group_array",
    "json_group_object", "json_object",
    "json_quote", "json_type", "json_valid",
];

/// The most calls of functions that a statement may have, with those of each place where SQLite
/// puts a common table expression. SQLite looks at the budget of time only where a statement loops
/// or returns a row, so all that a statement does once runs to its end.
const CALLS_MAX: u32 = 1_000;
/// Of them `LIKE` and `GLOB`, which take longest.
const MATCHES_MAX: u32 = 8;

/// Lets the host's own statements pass on a connection whose other statements are a guest's.
#[derive(Debug, Clone, Default)]
pub(super) struct HostPass(Arc<PassState>);

#[derive(Debug, Default)]
struct PassState {
    is_host: AtomicBool,
    /// What the guest's statement calls, as far as it is compiled.
    calls: AtomicU32,
    matches: AtomicU32,
}

impl HostPass {
    /// Runs `act` with the host's rights.
    pub(super) fn with<T>(&self, act: impl FnOnce() -> T) -> T {
        self.0.is_host.store(true, Relaxed);
        let result = act();
        self.0.is_host.store(false, Relaxed);
        result
    }

    /// A statement of the guest comes next.
    pub(super) fn begin_statement(&self) {
        self.0.calls.store(0, Relaxed);
        self.0.matches.store(0, Relaxed);
    }

    /// Decides on one action of a statement.
    pub(super) fn authorize(&self, context: &AuthContext<'_>) -> Authorization {
        if self.0.is_host.load(Relaxed) || self.is_allowed(&context.action) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }

    fn is_allowed(&self, action: &AuthAction<'_>) -> bool {
        let AuthAction::Function { function_name } = action else {
            return is_allowed(action);
        };
        let name = function_name.to_ascii_lowercase();
        let is_match = matches!(name.as_str(), "like" | "glob");
        FUNCTIONS_ALLOWED.contains(&name.as_str())
            && self.0.calls.fetch_add(1, Relaxed) < CALLS_MAX
            && (!is_match || self.0.matches.fetch_add(1, Relaxed) < MATCHES_MAX)
    }
}

/// A guest may use its tables. It never sees files, settings, other connections, or the host's
/// transaction.
///
/// It may have no views: SQLite compiles what nests in them by recursion, without a bound on depth
/// or time. And no temporary tables: all instances of a service share a connection, and requests
/// may share data only through the store itself.
fn is_allowed(action: &AuthAction<'_>) -> bool {
    matches!(
        action,
        AuthAction::Read { .. }
            | AuthAction::Select
            | AuthAction::Insert { .. }
            | AuthAction::Update { .. }
            | AuthAction::Delete { .. }
            | AuthAction::Recursive
            | AuthAction::CreateTable { .. }
            | AuthAction::CreateIndex { .. }
            | AuthAction::CreateTrigger { .. }
            | AuthAction::AlterTable { .. }
            | AuthAction::DropTable { .. }
            | AuthAction::DropIndex { .. }
            | AuthAction::DropView { .. }
            | AuthAction::DropTrigger { .. }
            | AuthAction::Reindex { .. }
            // What ALTER TABLE does itself where a table is STRICT or has a CHECK.
            | AuthAction::Pragma {
                pragma_name: "quick_check",
                ..
            }
    )
}
