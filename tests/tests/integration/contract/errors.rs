//! The table of all error codes, held against the source code.
//!
//! Goal: a client finds each code that the bank can send in `docs/errors.md`, and no other.
//!
//! Method: find the places of the source where a code stands, such as the second argument of
//! `Problem::new`. A code there is a literal, or one of a few names whose literals stand at another
//! of these places.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use strongroom_tests::workspace;

/// What stands right before a code. `*` is any text without a comma.
const CONSTRUCTORS: &[&str] = &rows! {
    "unauthorized(", "unprocessable(", "conflict(", "oauth::refusal(", ".with_error(*,",
    "Self::new(StatusCode::*,", "Problem::new(StatusCode::*,",
};

/// What these have in the place of a literal. The last is a definition.
const NAMED_CODES: &[&str] =
    &rows! { "code", "CODE", "error.code()", "decline.as_str()", "code: &'static str" };

/// What stands right before a code, if a literal follows.
const NAMES: &[&str] = &rows! {
    "code: ", "code = ", "CODE: &str = ", "_REFUSED: &str = ", "=> refused(", "too_large(",
};

/// What begins a list of codes, up to the next brace.
const LISTS: &[&str] = &["fn code(", "let code = match", "pub enum Decline {"];

#[test]
fn the_table_of_errors_has_each_code_of_the_source_and_no_other() {
    let table: BTreeSet<_> = rows().into_iter().map(|(code, _)| code).collect();
    let source = codes_of_the_source();
    let unknown: Vec<_> = source.difference(&table).collect();
    assert!(unknown.is_empty(), "docs/errors.md lacks {unknown:?}");
    let gone: Vec<_> = table.difference(&source).collect();
    assert!(gone.is_empty(), "docs/errors.md has {gone:?}, and no code");
}

/// The rows of the table: each code, and its status.
pub fn rows() -> Vec<(String, String)> {
    let text = fs::read_to_string(workspace::root().join("docs/errors.md")).expect("a page");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let row = |row: &str| {
        let (code, rest) = row.split_once("` | ")?;
        let (status, _) = rest.split_once(" | ")?;
        let status = status.trim_end_matches(", decline");
        Some((code.to_owned(), status.to_owned()))
    };
    rows.filter_map(row).collect()
}

fn codes_of_the_source() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in ["components", "host/src/gateway"] {
        collect(&workspace::root().join(folder), &mut files);
    }
    let mut codes = BTreeSet::new();
    for file in files {
        let source = code_alone(&fs::read_to_string(&file).expect("a source file"));
        for place in CONSTRUCTORS {
            for argument in arguments(&source, place) {
                let is_known = literal(argument).is_some() || NAMED_CODES.contains(&argument);
                let told = "write the code there";
                assert!(is_known, "{file:?}: `{place}` has `{argument}`: {told}");
            }
        }
        let places = CONSTRUCTORS.iter().chain(NAMES);
        let named = places.flat_map(|place| arguments(&source, place));
        let lists = LISTS.iter().flat_map(|list| source.split(list).skip(1));
        let listed = lists.flat_map(|rest| {
            let list = rest.split('}').next().unwrap_or_default();
            // An arm of a match, or a variant's number and word.
            list.split("=> ").chain(list.split(", ")).skip(1)
        });
        codes.extend(named.chain(listed).filter_map(literal).map(str::to_owned));
    }
    codes
}

/// The source files below a folder, without tests and examples.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str());
        match name.unwrap_or_default() {
            "tests" | "tests.rs" | "examples" | "target" => {}
            _ if path.is_dir() => collect(&path, files),
            name if name.ends_with(".rs") => files.push(path),
            _ => {}
        }
    }
}

/// A file without comments, tests, and line breaks.
fn code_alone(text: &str) -> String {
    let text = text.split("mod tests {").next().unwrap_or_default();
    let lines = text.lines().map(str::trim);
    let code: Vec<_> = lines.filter(|line| !line.starts_with("//")).collect();
    code.join(" ").replace("( ", "(")
}

/// What stands after each `place`, up to the next comma.
fn arguments<'a>(source: &'a str, place: &str) -> Vec<&'a str> {
    let (begin, end) = place.split_once('*').unwrap_or((place, ""));
    let after = source.split(begin).skip(1);
    after
        .filter_map(|rest| {
            let (_, rest) = rest.split_once(end)?;
            Some(rest.split(',').next()?.trim())
        })
        .collect()
}

/// The code at the beginning of a text, where there is one.
fn literal(text: &str) -> Option<&str> {
    let (code, _) = text.strip_prefix('"')?.split_once('"')?;
    let is_code = !code.is_empty() && code.bytes().all(|it| it == b'_' || it.is_ascii_lowercase());
    is_code.then_some(code)
}
