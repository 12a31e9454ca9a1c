//! Version 2: a second migration, which makes a table from the first one's.

use strongroom_sdk::store::Migration;

const SECOND: Migration = Migration {
    number: 2,
    name: "stars",
    statements: &[
        "CREATE TABLE star (note INTEGER PRIMARY KEY) STRICT",
        "INSERT INTO star SELECT number FROM note WHERE text = 'starred'",
    ],
};

keepers::keeper!(
    &[keepers::FIRST, SECOND],
    "SELECT number, text, (SELECT count(*) FROM star WHERE note = number) FROM note ORDER BY number"
);
