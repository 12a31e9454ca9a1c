//! A user, as a row and as clients see it.

mod view;

pub use view::{StaffView, View};

use strongroom_sdk::identity::Role;
use strongroom_sdk::store::{Row, Rows, StoreError, Transaction, Value};
use uuid::Uuid;

/// In characters.
const NAME_LENGTH_MAX: usize = 100;

/// A row of the table `user`.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// UUID of version 7.
    pub id: Uuid,
    /// As the user wrote it.
    pub email: String,
    /// What the user is called, if that is known.
    pub name: Option<String>,
    /// What the user may do.
    pub role: Role,
    /// A PHC string.
    pub password_hash: String,
    /// Grows when all older tokens must end; from 1.
    pub security_version: i64,
    /// May not log in.
    pub disabled: bool,
    /// Milliseconds since 1970 UTC.
    pub created_at_ms: i64,
}

const INSERT: &str = "INSERT INTO user (id, email, email_key, name, role, password_hash, security_version, disabled, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const BY_ID: &str =
    "SELECT id, email, name, role, password_hash, security_version, disabled, created_at
    FROM user WHERE id = ?1";

const BY_EMAIL: &str =
    "SELECT id, email, name, role, password_hash, security_version, disabled, created_at
    FROM user WHERE email_key = ?1";

/// Newest first, after the user `?1`; `?2` is the whole key of an address, `?3` a part of an address or name.
const PAGE: &str = "SELECT id, email, name, role, password_hash, security_version, disabled, created_at FROM user
    WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR email_key = ?2)
        AND (?3 IS NULL OR instr(email_key, lower(?3)) > 0 OR instr(lower(coalesce(name, '')), lower(?3)) > 0)
    ORDER BY id DESC LIMIT ?4";

const UPDATE: &str =
    "UPDATE user SET name = ?2, role = ?3, disabled = ?4, security_version = ?5 WHERE id = ?1";

const UPDATE_PASSWORD: &str = "UPDATE user SET password_hash = ?3, security_version = ?4
    WHERE id = ?1 AND password_hash = ?2 AND security_version = ?5";

const OTHER_ADMINS: &str =
    "SELECT count(*) FROM user WHERE role = 'admin' AND disabled = 0 AND id <> ?1";

impl User {
    /// Writes a new user. A taken address is a [`StoreError::Constraint`].
    pub(crate) fn insert(
        &self,
        email_key: &str,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        transaction.execute(
            INSERT,
            &[
                self.id.into(),
                self.email.as_str().into(),
                email_key.into(),
                self.name.clone().into(),
                self.role.as_str().into(),
                self.password_hash.as_str().into(),
                self.security_version.into(),
                self.disabled.into(),
                self.created_at_ms.into(),
            ],
        )?;
        Ok(())
    }

    /// By id; `query` is the store's snapshot, or a transaction's.
    pub(crate) fn by_id(
        id: Uuid,
        query: impl FnOnce(&str, &[Value]) -> Result<Rows, StoreError>,
    ) -> Result<Option<Self>, StoreError> {
        query(BY_ID, &[id.into()])?
            .first()
            .as_ref()
            .map(Self::from_row)
            .transpose()
    }

    /// By the key of an address.
    pub(crate) fn by_email(
        email_key: &str,
        query: impl FnOnce(&str, &[Value]) -> Result<Rows, StoreError>,
    ) -> Result<Option<Self>, StoreError> {
        query(BY_EMAIL, &[email_key.into()])?
            .first()
            .as_ref()
            .map(Self::from_row)
            .transpose()
    }

    /// Some users, newest first.
    pub(crate) fn page(
        after: Option<Uuid>,
        email_key: Option<String>,
        part: Option<String>,
        limit: i64,
        query: impl FnOnce(&str, &[Value]) -> Result<Rows, StoreError>,
    ) -> Result<Vec<Self>, StoreError> {
        let params = [after.into(), email_key.into(), part.into(), limit.into()];
        query(PAGE, &params)?
            .rows
            .iter()
            .map(Self::from_row)
            .collect()
    }

    /// How many enabled administrators there are beside `id`.
    pub(crate) fn count_other_admins(
        id: Uuid,
        transaction: &impl Transaction,
    ) -> Result<i64, StoreError> {
        match transaction.query(OTHER_ADMINS, &[id.into()])?.first() {
            Some(row) => row.integer(0),
            None => Ok(0),
        }
    }

    /// Writes what an administrator may change, and the security version.
    pub(crate) fn update(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        transaction.execute(
            UPDATE,
            &[
                self.id.into(),
                self.name.clone().into(),
                self.role.as_str().into(),
                self.disabled.into(),
                self.security_version.into(),
            ],
        )?;
        Ok(())
    }

    /// Replaces the password hash, if the user is still as `self` says; answers whether it was.
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
        })
    }
}

/// Whether a text can be a user's name: 1 to 100 characters, none of them a control character, and not only spaces.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=NAME_LENGTH_MAX).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && !text.trim().is_empty()
}
