//! The errors of a store.

/// Why a statement or a transaction failed. Unless a case says otherwise, it changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A constraint refused the row; the text names it.
    #[error("constraint: {0}")]
    Constraint(String),
    /// The statement or its parameters are wrong.
    #[error("invalid statement: {0}")]
    Invalid(String),
    /// The tables of the store are those of another component.
    #[error("schema: {0}")]
    Schema(String),
    /// The statement does what a service may not do.
    #[error("denied: {0}")]
    Denied(String),
    /// The result has more rows or bytes than the store's limits allow.
    #[error("result too large: {0}")]
    TooLarge(String),
    /// The statement or the write transaction took longer than its limit.
    #[error("the store's time limit has passed")]
    TimedOut,
    /// Too many callers wait for the writer.
    #[error("the store is busy")]
    Busy,
    /// The host does not trust the machine's clock: no write transaction begins or commits.
    #[error("the machine's clock is not trusted")]
    Clock,
    /// The host rolled the transaction back. Begin a new one.
    #[error("transaction aborted: {0}")]
    Aborted(String),
    /// A statement changed more or fewer rows than it must, which is a fault of the service. This
    /// rolls the transaction back.
    #[error("unexpected rows: {0}")]
    UnexpectedRows(String),
    /// The store's size limit is reached, or the disk is full.
    #[error("the store is full")]
    Full,
    /// The disk failed.
    #[error("disk: {0}")]
    Io(String),
    /// A row has no such column, or the column has another type.
    #[error("row: {0}")]
    Row(String),
}

impl StoreError {
    /// The error of each call after a failed change.
    pub(super) fn after_failed_change() -> Self {
        Self::Aborted("an earlier change of the transaction failed".to_owned())
    }

    /// Passes a statement that changed as many rows as it must.
    pub(super) fn unless_rows(sql: &str, changed: u64, rows: u64) -> Result<(), Self> {
        if changed == rows {
            Ok(())
        } else {
            let text = format!("{changed} and not {rows} were changed by: {sql}");
            Err(Self::UnexpectedRows(text))
        }
    }
}
