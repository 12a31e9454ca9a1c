//! `strongroom:account/directory`.

use super::Component;
use super::bindings::exports::strongroom::account::directory as wit;
use crate::account::by_id;
use strongroom_sdk::store::HostStore;
use uuid::Uuid;

impl wit::Guest for Component {
    fn find(id: String) -> Result<Option<wit::Account>, wit::Error> {
        let id = Uuid::parse_str(&id).map_err(|_| wit::Error::Invalid("id".to_owned()))?;
        let account =
            by_id(&HostStore, id).map_err(|error| wit::Error::Unavailable(error.to_string()))?;
        Ok(account.map(|account| wit::Account {
            id: account.id.to_string(),
            owner_id: account.owner_id.to_string(),
            currency: account.currency.code().to_owned(),
            status: account.status.as_str().to_owned(),
            number: account.number,
        }))
    }
}
