//! SQL's `instr` in linear time.
//!
//! SQLite's own takes time by the product of its arguments' lengths, in one step of its virtual machine that no budget can interrupt: two
//! values of a megabyte would hold a thread for minutes.

use memchr::memmem;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// Puts it in the place of SQLite's.
pub(super) fn install(sqlite: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    sqlite.create_scalar_function("instr", 2, flags, |arguments| Ok(instr(arguments)))
}

/// The place of the second argument in the first, from 1; 0 if it is not there. Counted in characters of text, and in bytes of blobs.
fn instr(arguments: &Context<'_>) -> Option<i64> {
    let (haystack, needle) = (arguments.get_raw(0), arguments.get_raw(1));
    let is_blob = matches!((haystack, needle), (ValueRef::Blob(_), ValueRef::Blob(_)));
    let (haystack, needle) = (bytes(haystack)?, bytes(needle)?);
    let Some(offset) = memmem::find(&haystack, &needle) else {
        return Some(0);
    };
    let before = match haystack.get(..offset) {
        Some(before) if !is_blob => String::from_utf8_lossy(before).chars().count(),
        _ => offset,
    };
    i64::try_from(before).ok()?.checked_add(1)
}

fn bytes(value: ValueRef<'_>) -> Option<std::borrow::Cow<'_, [u8]>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string().into_bytes().into()),
        ValueRef::Real(value) => Some(value.to_string().into_bytes().into()),
        ValueRef::Text(value) | ValueRef::Blob(value) => Some(value.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_as_sqlites_own() {
        let ours = Connection::open_in_memory().unwrap();
        install(&ours).unwrap();
        let theirs = Connection::open_in_memory().unwrap();
        for arguments in [
            "'bank', 'an'",
            "'bank', ''",
            "'', 'x'",
            "'bank', 'x'",
            "'übung', 'bung'",
            "x'000102', x'02'",
            "x'0001', x''",
            "NULL, 'x'",
            "'x', NULL",
            "1234, 34",
            "'a34', 3",
        ] {
            let ask = |sqlite: &Connection| -> Option<i64> {
                sqlite
                    .query_row(&format!("SELECT instr({arguments})"), [], |row| row.get(0))
                    .unwrap()
            };
            assert_eq!(ask(&ours), ask(&theirs), "{arguments}");
        }
    }
}
