//! Goal: a backup of a running bank is the bank as of one moment, or there is none. What was
//! acknowledged before that moment is in it, and what ended at the restoration does not work.
//!
//! Method: the real commands against a bank that moves money meanwhile, and is killed; then a new
//! bank on the data that was restored.

mod bad_folders;
mod kept;
mod mover;
mod restored;
mod sent;
mod torn_copy;
mod under_load;

use mover::*;
use std::path::Path;
use strongroom_tests::command::verify;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Bank, text, wait_for, workspace};
