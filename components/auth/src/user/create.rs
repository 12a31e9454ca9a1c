//! A user is made, once for each idempotency key.

use super::{NewUser, User, check_name};
use crate::audit_log::CREATED;
use crate::email::Email;
use crate::env::Env;
use crate::error::AuthError;
use crate::password;
use crate::service::AuthService;
use serde::Serialize;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::idempotency::{Begun, KeyedRequest, StoredReply};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{StoreError, Transaction};

impl<E: Env> AuthService<E> {
    /// Makes a user who passes every rule, and the event if staff made them. The reply is the user
    /// as a `V`.
    ///
    /// # Errors
    /// [`AuthError::EmailTaken`], and what the rules refuse.
    pub(super) fn make_user<V: From<User> + Serialize>(
        &self,
        request: &KeyedRequest,
        new: &NewUser,
        made_by: Option<&Actor>,
    ) -> Result<StoredReply, Problem> {
        let email = Email::parse(&new.email)
            .map_err(|error| AuthError::invalid("/email", error.to_string()))?;
        let name = new.name.as_deref();
        check_name(name)?;
        password::check(&new.password, email.given(), name)
            .map_err(|error| AuthError::Password("/password", error))?;
        // A hash costs much: this refuses a taken address before. The insert decides. The address
        // comes first: if the same request took it in the meantime, there is a reply.
        let found = User::by_email(email.key(), &self.store)?;
        if let Some(reply) = request.replay(&self.store)? {
            return Ok(reply);
        }
        if found.is_some() {
            return Err(AuthError::EmailTaken.into());
        }
        let user = User {
            id: self.new_id(),
            email: email.given().to_owned(),
            name: new.name.clone(),
            role: new.role,
            password_hash: self.hash_password(&new.password, made_by.is_some())?,
            security_version: 1,
            disabled: false,
            created_at_ms: self.now_ms(),
            metadata: new.metadata.clone().unwrap_or_default(),
        };
        self.insert_user::<V>(request, user, &email, made_by)
    }

    fn insert_user<V: From<User> + Serialize>(
        &self,
        request: &KeyedRequest,
        user: User,
        email: &Email,
        made_by: Option<&Actor>,
    ) -> Result<StoredReply, Problem> {
        let transaction = match request.begin(&self.store)? {
            Begun::First(transaction) => transaction,
            Begun::Repeated(reply) => return Ok(reply),
        };
        if let Err(error) = user.insert(email, &transaction) {
            // The user with the address may be of an earlier turn of the group. The commit waits
            // until they are on disk.
            transaction.commit()?;
            return Err(match error {
                StoreError::Constraint(text) if text.contains("email_key") => {
                    AuthError::EmailTaken.into()
                }
                other => other.into(),
            });
        }
        if let Some(actor) = made_by {
            Record {
                new_value: Some(user.role.to_string()),
                ..self.record(actor, CREATED, user.id)
            }
            .append(&transaction)?;
        }
        let reply = request.created(&transaction, user.created_at_ms, &V::from(user))?;
        transaction.commit()?;
        Ok(reply)
    }
}
