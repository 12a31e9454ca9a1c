//! Version 1: the first migration.

keepers::keeper!(&[keepers::FIRST]);
