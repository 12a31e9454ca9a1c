//! Rows that a release has logged which had no chain yet.

use super::CREATED;
use crate::outside::Outside;
use crate::service::AuthService;
use strongroom_sdk::audit_log::{Actor, COLUMNS, Event, Record, append};
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};

/// What is in the log and not in the chain: rows of a release that had none. One is at work beside this one while it is replaced.
const UNCHAINED: &str = "FROM audit_log WHERE id NOT IN (SELECT event FROM audit_chain)";

/// The first administrator, where a release that did not say so has made him.
const UNTOLD_ADMIN: &str = "SELECT id, created_at FROM user WHERE role = 'admin'
    AND NOT EXISTS (SELECT 1 FROM audit_log WHERE target = user.id AND action IN ('user.created', 'user.role'))
    ORDER BY id LIMIT 1";

/// How many rows are chained in one statement's answer.
const PAGE_ROWS: i64 = 500;

impl<O: Outside> AuthService<O> {
    /// Appends what an earlier release has logged without a chain. For `start`.
    ///
    /// Whoever adds a row to the file behind the bank's back could append it to the chain as well: a chain tells what was changed or left
    /// out of what it had, and not who appends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn chain_older_events(&self) -> Result<(), StoreError> {
        let is_any = format!("SELECT 1 {UNCHAINED} LIMIT 1");
        let begun = self
            .store
            .query("SELECT 1 FROM audit_head WHERE sequence > 0", &[])?;
        let begun = begun.first().is_some();
        // Reading first: most starts find nothing, and then do not take the writer's turn.
        if begun && self.store.query(&is_any, &[])?.first().is_none() {
            return Ok(());
        }
        let transaction = self.store.begin()?;
        if !begun {
            self.tell_of_first_admin(&transaction)?;
        }
        let page = format!("SELECT {COLUMNS} {UNCHAINED} ORDER BY id LIMIT ?1");
        loop {
            let rows = transaction.query(&page, &[Value::from(PAGE_ROWS)])?.rows;
            if rows.is_empty() {
                return transaction.commit();
            }
            for row in &rows {
                append(&transaction, &Event::from_row(row)?)?;
            }
        }
    }

    fn tell_of_first_admin(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        let Some(admin) = transaction.query(UNTOLD_ADMIN, &[])?.first() else {
            return Ok(());
        };
        Record {
            id: self.new_id(),
            at_ms: admin.integer(1)?,
            actor: &Actor::BANK,
            action: CREATED,
            target: admin.uuid(0)?,
            old_value: None,
            new_value: Some("admin".to_owned()),
        }
        .insert(transaction)
    }
}
