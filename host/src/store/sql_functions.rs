//! SQL's `instr`, `replace`, `trim`, and `unhex` in linear time.
//!
//! SQLite's own take time by the product of their arguments' lengths, in one step of its virtual
//! machine that no budget can interrupt: two values of a megabyte would hold a thread for minutes.

use memchr::memmem;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ffi};
use std::borrow::Cow;
use std::collections::HashSet;

/// Replaces SQLite's own functions; a result has at most `value_bytes_max`.
pub(super) fn install(sqlite: &Connection, value_bytes_max: usize) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    sqlite.create_scalar_function("instr", 2, flags, |arguments| Ok(instr(arguments)))?;
    sqlite.create_scalar_function("replace", 3, flags, move |arguments| {
        replace(arguments, value_bytes_max)
    })?;
    sqlite.create_scalar_function("unhex", 2, flags, |arguments| Ok(unhex(arguments)))?;
    for (name, at_start, at_end) in [
        ("trim", true, true),
        ("ltrim", true, false),
        ("rtrim", false, true),
    ] {
        sqlite.create_scalar_function(name, 2, flags, move |arguments| {
            Ok(trim(arguments, at_start, at_end))
        })?;
    }
    Ok(())
}

/// The place of the second argument in the first, from 1; 0 if it is not there. Counts characters
/// of text, and bytes of blobs.
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

/// The first argument with every occurrence of the second replaced by the third.
fn replace(arguments: &Context<'_>, value_bytes_max: usize) -> rusqlite::Result<Option<String>> {
    let argument = |index| bytes(arguments.get_raw(index));
    let (Some(text), Some(old), Some(new)) = (argument(0), argument(1), argument(2)) else {
        return Ok(None);
    };
    if old.is_empty() {
        return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
    }
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(offset) = memmem::find(rest, &old) {
        replaced.extend_from_slice(&rest[..offset]);
        replaced.extend_from_slice(&new);
        rest = &rest[offset + old.len()..];
        if replaced.len() > value_bytes_max {
            let code = ffi::Error::new(ffi::SQLITE_TOOBIG);
            return Err(Error::SqliteFailure(code, None));
        }
    }
    replaced.extend_from_slice(rest);
    Ok(Some(String::from_utf8_lossy(&replaced).into_owned()))
}

/// The first argument without the characters of the second at its ends.
fn trim(arguments: &Context<'_>, at_start: bool, at_end: bool) -> Option<String> {
    let (text, unwanted) = (bytes(arguments.get_raw(0))?, bytes(arguments.get_raw(1))?);
    let unwanted: HashSet<char> = String::from_utf8_lossy(&unwanted).chars().collect();
    let text = String::from_utf8_lossy(&text);
    let is_unwanted = |character: char| unwanted.contains(&character);
    let mut kept = text.as_ref();
    if at_start {
        kept = kept.trim_start_matches(is_unwanted);
    }
    if at_end {
        kept = kept.trim_end_matches(is_unwanted);
    }
    Some(kept.to_owned())
}

/// The bytes that the first argument has in hexadecimal digits, without the characters of the
/// second between them; null where anything else stands there.
fn unhex(arguments: &Context<'_>) -> Option<Vec<u8>> {
    let (text, passed) = (bytes(arguments.get_raw(0))?, bytes(arguments.get_raw(1))?);
    let passed: HashSet<char> = String::from_utf8_lossy(&passed).chars().collect();
    let text = String::from_utf8_lossy(&text);
    let mut characters = text.chars();
    let mut found = Vec::with_capacity(text.len() / 2);
    while let Some(first) = characters.next() {
        let digit = |character: char| character.to_digit(16).and_then(|it| u8::try_from(it).ok());
        match digit(first) {
            // No character stands between the digits of one byte.
            Some(high) => found.push((high << 4) | digit(characters.next()?)?),
            None if passed.contains(&first) => {}
            None => return None,
        }
    }
    Some(found)
}

fn bytes(value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string().into_bytes().into()),
        // SQL shows a whole number with its point, as `{:?}` does.
        ValueRef::Real(value) => Some(format!("{value:?}").into_bytes().into()),
        ValueRef::Text(value) | ValueRef::Blob(value) => Some(value.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_return_the_same_as_sqlites_own_but_for_more_than_a_value_may_have() {
        let ours = Connection::open_in_memory().unwrap();
        install(&ours, 512 << 10).unwrap();
        let theirs = Connection::open_in_memory().unwrap();
        let calls = "\
            instr('bank', 'an'); instr('bank', ''); instr('', 'x'); instr('bank', 'x'); \
            instr('übung', 'bung'); instr(x'000102', x'02'); instr(x'0001', x''); \
            instr(NULL, 'x'); instr('x', NULL); instr(1234, 34); instr('a34', 3); \
            replace('banana', 'an', 'AN'); replace('banana', 'an', ''); \
            replace('aaa', 'a', 'aa'); replace('banana', '', 'x'); replace('banana', 'x', 'y'); \
            replace(NULL, 'a', 'b'); replace('a', NULL, 'b'); replace('a', 'a', NULL); \
            replace(1.0, '.', ','); \
            trim('  x ', ' '); trim('xyxbankyx', 'yx'); ltrim('xyxbankyx', 'yx'); \
            rtrim('xyxbankyx', 'yx'); rtrim('üüaü', 'ü'); trim('bank', ''); trim(NULL, 'a'); \
            trim('a', NULL); trim('   x  '); \
            unhex('42614e4B'); unhex('42-61 4e', ' -'); unhex('4-2', '-'); unhex('-42-', '-'); \
            unhex('42', ''); unhex('4', ''); unhex('4x', '-'); unhex('\u{fc}42', '\u{fc}'); \
            unhex('', '-'); unhex(NULL, '-'); unhex('42', NULL); unhex(42, 4)";
        for call in calls.split("; ") {
            let select = format!("SELECT CAST({call} AS TEXT)");
            let ask = |sqlite: &Connection| -> Option<String> {
                sqlite.query_row(&select, [], |row| row.get(0)).unwrap()
            };
            assert_eq!(ask(&ours), ask(&theirs), "{call}");
        }
        let call = "SELECT length(replace(hex(zeroblob(200000)), '0', hex(zeroblob(200000))))";
        let length = ours.query_row(call, [], |row| row.get::<_, i64>(0));
        assert!(length.is_err(), "{length:?}");
    }
}
