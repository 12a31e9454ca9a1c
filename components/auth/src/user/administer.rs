//! Administrators make and change users.

use super::User;
use super::{StaffView, check_name};
use crate::audit_log::{DISABLED, METADATA, NAME, ROLE};
use crate::device::forget_devices;
use crate::env::Env;
use crate::error::AuthError;
use crate::outbox::{EndedSessions, tell_gateway_of};
use crate::service::AuthService;
use serde::Deserialize;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::idempotency::{KeyedRequest, StoredReply};
use strongroom_sdk::identity::Role;
use strongroom_sdk::json::given;
use strongroom_sdk::metadata::{Metadata, MetadataChange};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use utoipa::ToSchema;
use uuid::Uuid;

/// The body of `POST /users`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "email": "tom@example.org", "password": "seven otters juggle walnuts", "role": "teller"
})))]
pub struct NewUser {
    /// The email address, which no other user may have.
    pub email: String,
    /// The first password, which must keep the rules.
    pub password: String,
    /// What the user may do.
    #[schema(inline)]
    pub role: Role,
    /// The user's name, at most 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// What a client notes about the user.
    pub metadata: Option<Metadata>,
}

/// The body of `PATCH /users/{id}`. A missing field changes nothing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"name": "Ann Example"})))]
pub struct UserChange {
    /// Whether the user may not log in.
    pub disabled: Option<bool>,
    /// What the user may do.
    #[schema(inline)]
    pub role: Option<Role>,
    /// The user's name; `null` takes the name away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub name: Option<Option<String>>,
    /// The keys to set, and with null those to remove; `null` removes all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<MetadataChange>)]
    pub metadata: Option<Option<MetadataChange>>,
}

impl<E: Env> AuthService<E> {
    /// Makes a user of any role.
    ///
    /// # Errors
    /// As [`AuthService::register`].
    pub fn create_user(
        &self,
        actor: &Actor,
        request: &KeyedRequest,
        new: &NewUser,
    ) -> Result<StoredReply, Problem> {
        self.make_user::<StaffView>(request, new, Some(actor))
    }

    /// Changes a user. A new role ends the user's sessions. Disabling ends the sessions and the
    /// device tokens, and no API key may act for the user until they are enabled. A retry changes
    /// nothing here; one with `disabled` tells the others again.
    ///
    /// # Errors
    /// - [`AuthError::OwnAccount`] where administrators give their own `role` or `disabled`, also
    ///   with the value in force;
    /// - [`AuthError::LastAdmin`] where no administrator would be left to undo the change;
    /// - [`AuthError::NotInForce`] where the change is stored but older sessions may still work.
    pub fn change_user(
        &self,
        actor: &Actor,
        id: Uuid,
        change: &UserChange,
    ) -> Result<User, AuthError> {
        if actor.id == id && (change.role.is_some() || change.disabled.is_some()) {
            return Err(AuthError::OwnAccount);
        }
        if let Some(name) = &change.name {
            check_name(name.as_deref())?;
        }
        let transaction = self.store.begin()?;
        let old = User::by_id(id, &transaction)?.ok_or(AuthError::NotFound)?;
        let metadata = match changed_metadata(&old.metadata, change.metadata.as_ref()) {
            Ok(metadata) => metadata,
            Err(error) => {
                transaction.commit()?;
                return Err(error);
            }
        };
        let mut new = User {
            disabled: change.disabled.unwrap_or(old.disabled),
            role: change.role.unwrap_or(old.role),
            name: change.name.clone().unwrap_or_else(|| old.name.clone()),
            metadata,
            ..old.clone()
        };
        let leaves_no_admin = old.is_active_admin()
            && !new.is_active_admin()
            && User::count_other_admins(id, &transaction)? == 0;
        if leaves_no_admin {
            // The row may be of an earlier turn of the group. The commit waits until it is on disk.
            transaction.commit()?;
            return Err(AuthError::LastAdmin);
        }
        if new == old {
            if let Some(disabled) = change.disabled {
                self.tell_again(&old, disabled, &transaction)?;
            }
            transaction.commit()?;
            self.put_in_force(id)?;
            return Ok(old);
        }
        let ended = ended_by(&old, &mut new, self.new_id());
        new.update(&old, &transaction)?;
        if new.disabled {
            forget_devices(id, &transaction)?;
        }
        self.record_changes(actor, &old, &new, &transaction)?;
        if let Some(ended) = &ended {
            ended.insert(self.now_ms(), &transaction)?;
        }
        if new.disabled != old.disabled {
            tell_gateway_of(id, &transaction)?;
        }
        transaction.commit()?;
        self.put_in_force(id)?;
        Ok(new)
    }

    /// Tells the gateway and the token service what is in force: after a restore of their own files
    /// alone they do not know of it.
    fn tell_again(
        &self,
        user: &User,
        disabled: bool,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        tell_gateway_of(user.id, transaction)?;
        if !disabled {
            return Ok(());
        }
        let ended = EndedSessions {
            id: self.new_id(),
            subject: user.id,
            security_version_min: user.security_version,
            except: None,
        };
        ended.insert(self.now_ms(), transaction)
    }

    fn record_changes(
        &self,
        actor: &Actor,
        old: &User,
        new: &User,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        let fields = [
            (
                DISABLED,
                Some(old.disabled.to_string()),
                Some(new.disabled.to_string()),
            ),
            (ROLE, Some(old.role.to_string()), Some(new.role.to_string())),
            (NAME, old.name.clone(), new.name.clone()),
            (
                METADATA,
                Some(old.metadata.to_json()),
                Some(new.metadata.to_json()),
            ),
        ];
        for (action, old_value, new_value) in fields {
            if old_value != new_value {
                Record {
                    old_value,
                    new_value,
                    ..self.record(actor, action, new.id)
                }
                .append(transaction)?;
            }
        }
        Ok(())
    }
}

fn changed_metadata(
    old: &Metadata,
    change: Option<&Option<MetadataChange>>,
) -> Result<Metadata, AuthError> {
    match change {
        None => Ok(old.clone()),
        Some(None) => Ok(Metadata::default()),
        Some(Some(change)) => old
            .changed(change)
            .map_err(|error| AuthError::invalid("/metadata", error.to_string())),
    }
}

/// Raises the security version if the change makes older tokens wrong.
fn ended_by(old: &User, new: &mut User, id: Uuid) -> Option<EndedSessions> {
    let disabled_now = new.disabled && !old.disabled;
    if !disabled_now && new.role == old.role {
        return None;
    }
    new.security_version = old.security_version.saturating_add(1);
    Some(EndedSessions {
        id,
        subject: new.id,
        security_version_min: new.security_version,
        except: None,
    })
}
