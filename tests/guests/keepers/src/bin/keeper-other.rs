//! A build with another first migration.

use strongroom_sdk::store::Migration;

const OTHER: Migration = Migration {
    number: 1,
    name: "notes",
    statements: &["CREATE TABLE note (number INTEGER PRIMARY KEY, text TEXT) STRICT"],
};

keepers::keeper!(&[OTHER], "SELECT number, text FROM note ORDER BY number");
