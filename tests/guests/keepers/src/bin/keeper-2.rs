//! Version 2: a second migration.

use strongroom_sdk::store::Migration;

const SECOND: Migration = Migration {
    number: 2,
    name: "stars",
    statements: &[
        "ALTER TABLE note ADD COLUMN stars INTEGER NOT NULL DEFAULT 0",
        "UPDATE note SET stars = 5 WHERE text = 'starred'",
    ],
};

keepers::keeper!(&[keepers::FIRST, SECOND]);
