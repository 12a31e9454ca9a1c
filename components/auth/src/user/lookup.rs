//! Staff look users up.

use super::User;
use super::search::SearchPart;
use crate::email;
use crate::env::Env;
use crate::error::AuthError;
use crate::service::AuthService;
use serde::Deserialize;
use strongroom_sdk::identity::{Role, Staff};
use strongroom_sdk::page::{List, Page, Window};
use strongroom_sdk::store::{Reader, StoreError, Value};
use utoipa::IntoParams;
use uuid::Uuid;

/// The parameters of `GET /users`.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// A whole email address.
    pub email: Option<String>,
    /// A part of an email address or a name, from the beginning of a word. It has a letter or a
    /// digit.
    pub query: Option<String>,
    /// What the users may do.
    #[param(inline)]
    pub role: Option<Role>,
    /// Whether the users may not log in.
    pub disabled: Option<bool>,
}

/// Newest first. The filters come before [`PAGE_END`].
const PAGE: &str =
    "SELECT id, email, name, role, password_hash, security_version, disabled, created_at,
        metadata
    FROM user WHERE id {beyond} ?";
const PAGE_END: &str = " ORDER BY id {order} LIMIT ?";

const WITH_EMAIL: &str = " AND email_key = ?";
const WITH_PART: &str =
    " AND id IN (SELECT user FROM user_part WHERE part >= ? AND part < ?) AND instr(search, ?) > 0";

// Few users are staff, and few are disabled: partial indexes have these. A value that most users
// have gets a `+`, with which SQLite looks for no index, and walks the users in their order.
const STAFF_WITH_ROLE: &str = " AND role <> 'customer' AND role = ?";
const CUSTOMERS: &str = " AND +role = 'customer'";
const DISABLED: &str = " AND disabled = 1";
const DISABLED_OF_STAFF: &str = " AND +disabled = 1";
const ENABLED: &str = " AND +disabled = 0";

impl<E: Env> AuthService<E> {
    pub fn user(&self, id: Uuid) -> Result<User, AuthError> {
        User::by_id(id, &self.store)?.ok_or(AuthError::NotFound)
    }

    /// The user with this id, if `staff` may see them: tellers see customers alone.
    pub fn user_for(&self, staff: &Staff, id: Uuid) -> Result<User, AuthError> {
        let user = self.user(id)?;
        if sees_customers_alone(staff) && user.role != Role::Customer {
            return Err(AuthError::NotFound);
        }
        Ok(user)
    }

    /// A page of the users that `staff` may see, newest first.
    ///
    /// # Errors
    /// [`AuthError::Invalid`] for a `query` without a letter or a digit; [`AuthError::Store`].
    pub fn users(
        &self,
        staff: &Staff,
        page: &Page<Uuid, UserFilter>,
    ) -> Result<List<User>, AuthError> {
        // Each user has such a part: the search would look at all of them.
        let is_unbounded =
            |text: &String| !text.is_empty() && !text.contains(char::is_alphanumeric);
        if page.filter.query.as_ref().is_some_and(is_unbounded) {
            let detail = "must have a letter or a digit";
            return Err(AuthError::invalid("/query", detail));
        }
        let window = page.window();
        let mut statement = Statement::of(&window, &page.filter);
        if sees_customers_alone(staff) {
            statement.add(CUSTOMERS, []);
        }
        let rows = statement.page(&window, &self.store)?;
        Ok(List::new(rows, page, |user| user.id))
    }
}

fn sees_customers_alone(staff: &Staff) -> bool {
    staff.role == Role::Teller
}

/// The statement of a page, under construction.
pub(crate) struct Statement {
    sql: String,
    params: Vec<Value>,
}

impl Statement {
    pub(crate) fn of(window: &Window, filter: &UserFilter) -> Self {
        let mut statement = Self {
            sql: PAGE.to_owned(),
            params: vec![window.key()],
        };
        if let Some(email) = &filter.email {
            statement.add(WITH_EMAIL, [email::key(email).into()]);
        }
        let query = filter.query.as_deref().filter(|text| !text.is_empty());
        if let Some(part) = query.map(SearchPart::new) {
            let (first, last) = part.range();
            statement.add(WITH_PART, [first.into(), last.into(), part.as_str().into()]);
        }
        let of_staff = filter.role.filter(|role| *role != Role::Customer);
        match (of_staff, filter.role) {
            (Some(role), _) => statement.add(STAFF_WITH_ROLE, [role.as_str().into()]),
            (None, Some(_)) => statement.add(CUSTOMERS, []),
            (None, None) => {}
        }
        match filter.disabled {
            Some(true) if of_staff.is_some() => statement.add(DISABLED_OF_STAFF, []),
            Some(true) => statement.add(DISABLED, []),
            Some(false) => statement.add(ENABLED, []),
            None => {}
        }
        statement
    }

    fn add<const N: usize>(&mut self, condition: &str, params: [Value; N]) {
        self.sql += condition;
        self.params.extend(params);
    }

    pub(crate) fn page(
        mut self,
        window: &Window,
        from: &impl Reader,
    ) -> Result<Vec<User>, StoreError> {
        self.add(PAGE_END, [window.fetch.into()]);
        from.query(&window.sql(&self.sql), &self.params)?
            .all(User::from_row)
    }
}
