//! The export `strongroom:auth/directory`.

use super::Component;
use super::bindings::exports::strongroom::auth::directory::{Error, Guest, User};
use super::outside::service;
use crate::AuthError;

impl Guest for Component {
    fn find(id: String) -> Result<Option<User>, Error> {
        let id = id
            .parse()
            .map_err(|_| Error::Invalid("id is not a UUID".to_owned()))?;
        let service = service().map_err(|error| Error::Unavailable(error.to_string()))?;
        match service.user(id) {
            Ok(user) => Ok(Some(User {
                id: user.id.to_string(),
                email: user.email,
                name: user.name,
                role: user.role.to_string(),
                disabled: user.disabled,
            })),
            Err(AuthError::NotFound) => Ok(None),
            Err(error) => Err(Error::Unavailable(error.to_string())),
        }
    }
}
