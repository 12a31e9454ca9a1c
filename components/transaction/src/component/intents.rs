//! `strongroom:transaction/intents`.

use super::bindings::exports::strongroom::transaction::intents as wit;
use super::{Component, service};
use crate::intent;
use crate::ledger::{Ledger, Outcome};
use uuid::Uuid;

impl wit::Guest for Component {
    fn state_of(id: String) -> Result<Option<wit::State>, wit::Error> {
        let id = Uuid::parse_str(&id).map_err(|_| wit::Error::Invalid("id".to_owned()))?;
        let posting = service().ledger.lookup(id).map_err(unavailable)?;
        if let Some(posting) = posting {
            return Ok(Some(match posting.outcome {
                Outcome::Declined(_) => wit::State::Declined,
                Outcome::Posted | Outcome::Held | Outcome::Voided | Outcome::Expired => {
                    wit::State::Posted
                }
            }));
        }
        let stored = intent::peek(&service().store, id).map_err(unavailable)?;
        Ok(stored.map(|_| wit::State::Accepted))
    }

    fn open_count() -> Result<u64, wit::Error> {
        let count = intent::count_accepted(&service().store).map_err(unavailable)?;
        Ok(count.unsigned_abs())
    }
}

fn unavailable(error: impl std::fmt::Display) -> wit::Error {
    wit::Error::Unavailable(error.to_string())
}
