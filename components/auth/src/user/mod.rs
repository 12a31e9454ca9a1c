//! A user: the row, and the operations on it.

mod administer;
mod bootstrap;
mod create;
mod lookup;
mod own;
mod register;
mod search;
mod view;

pub use administer::{NewUser, UserChange};
pub use bootstrap::check_admin_password;
#[cfg(test)]
pub(crate) use lookup::Statement;
pub use lookup::UserFilter;
pub use own::OwnChange;
pub use register::Registration;
pub use view::{StaffView, View};

use crate::email::Email;
use crate::error::AuthError;
use search::SearchText;
use strongroom_sdk::identity::Role;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::store::{Reader, Row, StoreError, Transaction};
use strongroom_sdk::text::is_readable;
use uuid::Uuid;

/// A name has at most so many characters.
const NAME_LENGTH_MAX: usize = 100;

/// A row of the table `user`.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// UUID of version 7.
    pub id: Uuid,
    /// The email address as the user wrote it.
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    /// The password's hash, as a PHC string.
    pub password_hash: String,
    /// The security version, which grows when all older tokens must end. It begins at 1.
    pub security_version: i64,
    /// Whether the user may not log in.
    pub disabled: bool,
    pub created_at_ms: i64,
    /// What clients note about the user.
    pub metadata: Metadata,
}

const INSERT: &str = "\
INSERT INTO user (id, email, email_key, name, search, role, password_hash, security_version,
    disabled, created_at, metadata)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const BY_ID: &str =
    "SELECT id, email, name, role, password_hash, security_version, disabled, created_at,
        metadata
    FROM user WHERE id = ?1";

const BY_EMAIL: &str =
    "SELECT id, email, name, role, password_hash, security_version, disabled, created_at,
        metadata
    FROM user WHERE email_key = ?1";

const UPDATE: &str = "\
UPDATE user SET name = ?2, search = ?3, role = ?4, disabled = ?5, security_version = ?6, metadata = ?7
WHERE id = ?1";

const UPDATE_PASSWORD: &str = "UPDATE user SET password_hash = ?3, security_version = ?4
    WHERE id = ?1 AND password_hash = ?2 AND security_version = ?5";

const OTHER_ADMINS: &str =
    "SELECT count(*) FROM user WHERE role <> 'customer' AND role = 'admin' AND disabled = 0
    AND id <> ?1";

impl User {
    /// Writes a new user. A taken address is a [`StoreError::Constraint`].
    pub(crate) fn insert(
        &self,
        email: &Email,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        let search = SearchText::of(self);
        transaction.execute(
            INSERT,
            &[
                self.id.into(),
                self.email.as_str().into(),
                email.key().into(),
                self.name.clone().into(),
                search.as_str().into(),
                self.role.as_str().into(),
                self.password_hash.as_str().into(),
                self.security_version.into(),
                self.disabled.into(),
                self.created_at_ms.into(),
                self.metadata.to_stored().into(),
            ],
        )?;
        search.save_parts(self.id, None, transaction)
    }

    pub(crate) fn by_id(id: Uuid, from: &impl Reader) -> Result<Option<Self>, StoreError> {
        from.query(BY_ID, &[id.into()])?.one(Self::from_row)
    }

    pub(crate) fn by_email(
        email_key: &str,
        from: &impl Reader,
    ) -> Result<Option<Self>, StoreError> {
        from.query(BY_EMAIL, &[email_key.into()])?
            .one(Self::from_row)
    }

    /// How many enabled administrators there are besides `id`.
    pub(crate) fn count_other_admins(
        id: Uuid,
        transaction: &impl Transaction,
    ) -> Result<i64, StoreError> {
        transaction.query(OTHER_ADMINS, &[id.into()])?.number()
    }

    /// Writes what may change of the user `old`, and the security version.
    pub(crate) fn update(
        &self,
        old: &Self,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        let search = SearchText::of(self);
        search.save_parts(self.id, Some(&SearchText::of(old)), transaction)?;
        transaction.execute(
            UPDATE,
            &[
                self.id.into(),
                self.name.clone().into(),
                search.as_str().into(),
                self.role.as_str().into(),
                self.disabled.into(),
                self.security_version.into(),
                self.metadata.to_stored().into(),
            ],
        )?;
        Ok(())
    }

    /// Replaces the password hash if the user is still as `self` says. Returns whether it did.
    pub(crate) fn update_password(
        &self,
        password_hash: &str,
        security_version: i64,
        transaction: &impl Transaction,
    ) -> Result<bool, StoreError> {
        let changed = transaction.execute(
            UPDATE_PASSWORD,
            &[
                self.id.into(),
                self.password_hash.as_str().into(),
                password_hash.into(),
                security_version.into(),
                self.security_version.into(),
            ],
        )?;
        Ok(changed == 1)
    }

    /// Whether the user is an administrator who can log in.
    pub(crate) fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && !self.disabled
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.uuid(0)?,
            email: row.text(1)?,
            name: row.optional(2, Row::text)?,
            role: row
                .text(3)?
                .parse()
                .map_err(|error| StoreError::Row(format!("role {error}")))?,
            password_hash: row.text(4)?,
            security_version: row.integer(5)?,
            disabled: row.integer(6)? != 0,
            created_at_ms: row.integer(7)?,
            metadata: Metadata::from_row(row, 8)?,
        })
    }
}

/// Passes a name that a user or an API key may have: 1 to 100 characters that people can read.
pub(crate) fn check_name(name: Option<&str>) -> Result<(), AuthError> {
    let is_name = |text: &str| text.chars().count() <= NAME_LENGTH_MAX && is_readable(text);
    if name.is_none_or(is_name) {
        return Ok(());
    }
    Err(AuthError::invalid(
        "/name",
        "must have 1 to 100 characters, one of them visible, and no control characters",
    ))
}
