//! Administrators make, find and change users.

use crate::audit_log::{CREATED, DISABLED};
use crate::device::forget_devices;
use crate::email;
use crate::ended_sessions::EndedSessions;
use crate::env::Env;
use crate::service::{AuthError, AuthService};
use crate::user::User;
use crate::user::register::{check_name, insert};
use serde::{Deserialize, Deserializer};
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::identity::Role;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// `POST /users`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The email address.
    pub email: String,
    /// The first password.
    pub password: String,
    /// What the user may do.
    pub role: Role,
    /// What the user is called.
    #[serde(default)]
    pub name: Option<String>,
}

/// `PATCH /users/{id}`: what is not there stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Whether the user may log in.
    pub disabled: Option<bool>,
    /// What the user may do.
    pub role: Option<Role>,
    /// What the user is called; `null` takes the name away.
    #[serde(default, deserialize_with = "some")]
    pub name: Option<Option<String>>,
}

/// Distinguishes a field that is null from one that is missing.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The parameters of `GET /users`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFilter {
    /// A whole email address.
    #[serde(default)]
    pub email: Option<String>,
    /// A part of an email address or of a name, from the beginning of a word.
    #[serde(default, alias = "q")]
    pub query: Option<String>,
}

impl<E: Env> AuthService<E> {
    /// The user of an id.
    ///
    /// # Errors
    /// [`AuthError::NotFound`].
    pub fn user(&self, id: Uuid) -> Result<User, AuthError> {
        User::by_id(id, |sql, params| self.store.query(sql, params))?.ok_or(AuthError::NotFound)
    }

    /// A page of users, newest first.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn users(&self, page: &Page<Uuid, UserFilter>) -> Result<List<User>, AuthError> {
        let rows = User::page(
            page.after,
            page.filter.email.as_deref().map(email::key),
            page.filter.query.as_deref(),
            page.fetch(),
            |sql, params| self.store.query(sql, params),
        )?;
        Ok(List::new(rows, page, |user| user.id))
    }

    /// Makes a user of any role.
    ///
    /// # Errors
    /// As [`AuthService::register`].
    pub fn create_user(&self, actor: &Actor, new: &NewUser) -> Result<User, AuthError> {
        let (user, email) =
            self.new_user(&new.email, &new.password, new.name.as_deref(), new.role)?;
        let transaction = self.store.begin()?;
        if let Err(error) = insert(&user, &email, &transaction) {
            // Who has the address may be of an earlier turn of the group: the commit waits until it is on disk.
            transaction.commit()?;
            return Err(error);
        }
        self.record(
            actor,
            CREATED,
            user.id,
            None,
            Some(new.role.to_string()),
            &transaction,
        )?;
        transaction.commit()?;
        Ok(user)
    }

    /// Changes a user. A new role, and disabling, end the user's sessions; disabling ends the device
    /// tokens too. A retry changes nothing, and ends what the first attempt could not end.
    ///
    /// # Errors
    /// [`AuthError::OwnAccount`] where administrators mean their own role, or whether they may log
    /// in, whatever the value; [`AuthError::LastAdmin`] where nobody could undo the change;
    /// [`AuthError::NotInForce`] where the change stands and older sessions may still work.
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
        let old = User::by_id(id, |sql, params| transaction.query(sql, params))?
            .ok_or(AuthError::NotFound)?;
        let mut new = User {
            disabled: change.disabled.unwrap_or(old.disabled),
            role: change.role.unwrap_or(old.role),
            name: change.name.clone().unwrap_or_else(|| old.name.clone()),
            ..old.clone()
        };
        let leaves_no_admin = old.is_active_admin()
            && !new.is_active_admin()
            && User::count_other_admins(id, &transaction)? == 0;
        if new == old || leaves_no_admin {
            // What the answer rests on may be of an earlier turn of the group: the commit waits until it is on disk.
            transaction.commit()?;
            if leaves_no_admin {
                return Err(AuthError::LastAdmin);
            }
            self.end_old_sessions(id)?;
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
        transaction.commit()?;
        self.end_old_sessions(id)?;
        Ok(new)
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
            (
                "user.role",
                Some(old.role.to_string()),
                Some(new.role.to_string()),
            ),
            ("user.name", old.name.clone(), new.name.clone()),
        ];
        for (action, old_value, new_value) in fields {
            if old_value != new_value {
                self.record(actor, action, new.id, old_value, new_value, transaction)?;
            }
        }
        Ok(())
    }

    pub(crate) fn record(
        &self,
        actor: &Actor,
        action: &'static str,
        target: Uuid,
        old_value: Option<String>,
        new_value: Option<String>,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        Record {
            at_ms: self.now_ms(),
            actor: actor.clone(),
            action: action.into(),
            target,
            old_value,
            new_value,
        }
        .append(transaction)
    }
}

/// Raises the security version where the change makes older tokens wrong.
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
