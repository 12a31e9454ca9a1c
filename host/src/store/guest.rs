//! The store as a guest calls it.

use super::bindings::{Change, Error, Host, HostTransaction, Rows, Transaction, Value};
use super::budget::INLINE_TIME_MAX;
use super::error;
use super::faults::{self, FaultPoint, When};
use super::service_store::{ServiceStore, StoreTimes};
use super::transaction::WriteTransaction;
use super::writer::StoreWriter;
use crate::telemetry::{CurrentRequest, StoreCall};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use wasmtime::Result;
use wasmtime::component::{HasData, Resource, ResourceTable};

/// The store as one instance of a component uses it.
pub struct StoreSession {
    store: Option<ServiceStore>,
    times: StoreTimes,
    waited: Duration,
    is_writing: bool,
    /// Set when the instance must not serve again: it held the writer for too long.
    retire: Arc<AtomicBool>,
}

impl StoreSession {
    /// A session on a store; `retire` is set when the instance has broken its bounds.
    pub fn new(store: Option<ServiceStore>, times: StoreTimes, retire: Arc<AtomicBool>) -> Self {
        Self {
            store,
            times,
            waited: Duration::ZERO,
            is_writing: false,
            retire,
        }
    }

    /// Returns how long calls have waited for the writer, a disk, or a thread since the last time.
    pub fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// Changes how long the next calls may take.
    pub fn set_times(&mut self, times: StoreTimes) {
        self.times = times;
    }

    /// Whether a write transaction is open. The guest must make no long call then.
    pub fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// Where a test may end the process, or the guest.
    fn before(&self, call: FaultPoint) -> Result<()> {
        faults::at_call(
            self.store.as_ref().map(ServiceStore::file),
            call,
            When::Before,
        )
    }

    /// As [`StoreSession::before`].
    fn after(&self, call: FaultPoint) -> Result<()> {
        faults::at_call(
            self.store.as_ref().map(ServiceStore::file),
            call,
            When::After,
        )
    }

    /// Waits for the writer, and begins a transaction.
    async fn begin(&mut self) -> Result<WriteTransaction, Error> {
        let Some((store, writer)) = self.store.as_ref().and_then(with_writer) else {
            return Err(no_store());
        };
        if self.is_writing {
            let text = "this instance has a write transaction open; end it first";
            return Err(Error::Invalid(text.to_owned()));
        }
        let retire = Arc::clone(&self.retire);
        let begun = Instant::now();
        let transaction = writer.begin(self.times.write_turn, retire).await;
        let took = begun.elapsed();
        note(store, StoreCall::Begin, took, &transaction);
        self.waited += took;
        transaction
    }

    /// Keeps a transaction, and waits until it is on disk.
    async fn commit(&mut self, transaction: WriteTransaction) -> Result<(), Error> {
        let begun = Instant::now();
        let outcome = transaction.commit().await;
        let took = begun.elapsed();
        if let Some(store) = &self.store {
            note(store, StoreCall::Commit, took, &outcome);
        }
        self.waited += took;
        outcome
    }

    fn closed(&mut self, outcome: &Result<(), Error>) {
        self.is_writing = false;
        self.retire_if_timed_out(outcome);
    }

    fn retire_if_timed_out<T>(&self, outcome: &Result<T, Error>) {
        if matches!(outcome, Err(Error::TimedOut)) {
            self.retire.store(true, Relaxed);
        }
    }
}

/// A session with the table that holds the guest's transaction.
pub struct StoreView<'a> {
    /// The session of the guest's instance.
    pub session: &'a mut StoreSession,
    /// The resources of the guest's instance.
    pub table: &'a mut ResourceTable,
}

/// By which `strongroom:store/sql` finds the store of an instance.
pub struct HasStore;

impl HasData for HasStore {
    type Data<'a> = StoreView<'a>;
}

fn with_writer(store: &ServiceStore) -> Option<(&ServiceStore, &StoreWriter)> {
    store.writer().map(|writer| (store, writer))
}

/// Notes a call with the request for which it is made.
fn note<T>(store: &ServiceStore, call: StoreCall, time: Duration, outcome: &Result<T, Error>) {
    let failure = outcome.as_ref().err().map(error::code);
    CurrentRequest::note_store_call(store.name(), call, time, failure);
}

fn no_store() -> Error {
    Error::Denied("this service has no store here".to_owned())
}

impl Host for StoreView<'_> {
    async fn query(&mut self, sql: String, params: Vec<Value>) -> Result<Result<Rows, Error>> {
        let Some(store) = &self.session.store else {
            return Ok(Err(no_store()));
        };
        self.session.before(FaultPoint::Read)?;
        let begun = Instant::now();
        let rows = store.query(self.session.times.read, sql, params).await;
        let elapsed = begun.elapsed();
        note(store, StoreCall::Read, elapsed, &rows);
        if elapsed > INLINE_TIME_MAX {
            self.session.waited += elapsed;
        }
        self.session.after(FaultPoint::Read)?;
        Ok(rows)
    }
}

/// The bindings do not know the type in the table, so a handle takes it here.
impl StoreView<'_> {
    fn open(&mut self, transaction: WriteTransaction) -> Result<Resource<Transaction>> {
        let handle = self.table.push(transaction)?;
        self.session.is_writing = true;
        Ok(Resource::new_own(handle.rep()))
    }

    fn transaction(&self, handle: &Resource<Transaction>) -> Result<&WriteTransaction> {
        Ok(self.table.get(&Resource::new_borrow(handle.rep()))?)
    }

    fn take(&mut self, handle: &Resource<Transaction>) -> Result<WriteTransaction> {
        Ok(self.table.delete(Resource::new_own(handle.rep()))?)
    }
}

impl HostTransaction for StoreView<'_> {
    async fn begin(&mut self) -> Result<Result<Resource<Transaction>, Error>> {
        self.session.before(FaultPoint::Begin)?;
        let transaction = self.session.begin().await;
        self.session.after(FaultPoint::Begin)?;
        match transaction {
            Ok(transaction) => Ok(Ok(self.open(transaction)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn begin_query(
        &mut self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Result<(Resource<Transaction>, Rows), Error>> {
        self.session.before(FaultPoint::BeginQuery)?;
        let transaction = self.session.begin().await;
        // If the query fails, the transaction is dropped, which undoes it.
        let begun = transaction.and_then(|transaction| {
            let rows = transaction.query(&sql, &params)?;
            Ok((transaction, rows))
        });
        self.session.retire_if_timed_out(&begun);
        self.session.after(FaultPoint::BeginQuery)?;
        match begun {
            Ok((transaction, rows)) => Ok(Ok((self.open(transaction)?, rows))),
            Err(error) => Ok(Err(error)),
        }
    }

    fn execute(
        &mut self,
        transaction: Resource<Transaction>,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Result<u64, Error>> {
        self.session.before(FaultPoint::Execute)?;
        let changed = self.transaction(&transaction)?.execute(&sql, &params);
        self.session.after(FaultPoint::Execute)?;
        Ok(changed)
    }

    fn query(
        &mut self,
        transaction: Resource<Transaction>,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Result<Rows, Error>> {
        self.session.before(FaultPoint::Query)?;
        let rows = self.transaction(&transaction)?.query(&sql, &params);
        self.session.after(FaultPoint::Query)?;
        Ok(rows)
    }

    async fn commit(&mut self, transaction: Resource<Transaction>) -> Result<Result<(), Error>> {
        self.session.before(FaultPoint::Commit)?;
        let transaction = self.take(&transaction)?;
        let outcome = self.session.commit(transaction).await;
        self.session.closed(&outcome);
        self.session.after(FaultPoint::Commit)?;
        Ok(outcome)
    }

    async fn commit_with(
        &mut self,
        transaction: Resource<Transaction>,
        changes: Vec<Change>,
    ) -> Result<Result<(), Error>> {
        self.session.before(FaultPoint::CommitWith)?;
        let transaction = self.take(&transaction)?;
        let outcome = match transaction.change_all(&changes).await {
            Ok(()) => self.session.commit(transaction).await,
            // The transaction is dropped, which undoes it.
            Err(error) => Err(error),
        };
        self.session.closed(&outcome);
        self.session.after(FaultPoint::CommitWith)?;
        Ok(outcome)
    }

    async fn commit_later(
        &mut self,
        transaction: Resource<Transaction>,
    ) -> Result<Result<(), Error>> {
        self.session.before(FaultPoint::CommitLater)?;
        let outcome = self.take(&transaction)?.commit_later();
        self.session.closed(&outcome);
        self.session.after(FaultPoint::CommitLater)?;
        Ok(outcome)
    }

    async fn drop(&mut self, transaction: Resource<Transaction>) -> Result<()> {
        let transaction = self.take(&transaction)?;
        let outcome = transaction.timed_out();
        drop(transaction);
        self.session.closed(&outcome);
        Ok(())
    }
}
