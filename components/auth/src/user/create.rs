//! A user is made, once for each idempotency key.

use super::{User, check_name};
use crate::audit_log::CREATED;
use crate::email::Email;
use crate::env::Env;
use crate::error::AuthError;
use crate::password;
use crate::service::AuthService;
use serde::Serialize;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::idempotency::{Begun, KeyedRequest, StoredReply};
use strongroom_sdk::identity::Role;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{StoreError, Transaction};

/// What a client says of a new user.
#[derive(Clone, Copy)]
pub(super) struct UserBody<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) role: Role,
    pub(super) metadata: Option<&'a Metadata>,
}

impl<E: Env> AuthService<E> {
    /// Makes a user who passes every rule, and the event if staff made them. The reply is the user
    /// as a `V`.
    ///
    /// # Errors
    /// [`AuthError::EmailTaken`], and what the rules refuse.
    pub(super) fn make_user<V: From<User> + Serialize>(
        &self,
        request: &KeyedRequest,
        body: UserBody<'_>,
        made_by: Option<&Actor>,
    ) -> Result<StoredReply, Problem> {
        let email = Email::parse(body.email)
            .map_err(|error| AuthError::invalid("/email", error.to_string()))?;
        check_name(body.name)?;
        password::check(body.password, email.given(), body.name)
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
            name: body.name.map(str::to_owned),
            role: body.role,
            password_hash: self.hash_password(body.password, made_by.is_some())?,
            security_version: 1,
            disabled: false,
            created_at_ms: self.now_ms(),
            metadata: body.metadata.cloned().unwrap_or_default(),
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
