//! Version 1: the first migration.

keepers::keeper!(
    &[keepers::FIRST],
    "SELECT number, text FROM note ORDER BY number"
);
