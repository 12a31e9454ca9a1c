//! What a guest sees of the store.

use super::bindings::{self, Change, Error, Host, HostTransaction, Rows, Value};
use super::faults::{self, Call};
use super::reader::INLINE_TIME_MAX;
use super::transaction::Turn;
use super::{ServiceStore, StoreTimes};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use wasmtime::Result;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

/// The store as one instance of a component uses it.
pub struct StoreSession {
    store: Option<ServiceStore>,
    times: StoreTimes,
    waited: Duration,
    open: bool,
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
            open: false,
            retire,
        }
    }

    /// How long calls have waited for a turn, a disk, or a thread since this was last asked.
    pub fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// Changes how long the next calls may take.
    pub fn set_times(&mut self, times: StoreTimes) {
        self.times = times;
    }

    /// Whether a write transaction is open, in which case nothing that may wait long is allowed.
    pub fn is_writing(&self) -> bool {
        self.open
    }

    /// Where a test may end the process, or the guest.
    fn before(&self, call: Call) -> Result<()> {
        faults::before(self.store.as_ref(), call)
    }

    /// As [`StoreSession::before`].
    fn after(&self, call: Call) -> Result<()> {
        faults::after(self.store.as_ref(), call)
    }

    /// Waits for the writer's turn.
    async fn begin(&mut self) -> Result<Turn, Error> {
        let store = self.store.as_ref();
        let Some(writer) = store.and_then(|store| store.writer.as_ref()) else {
            return Err(no_store());
        };
        if self.open {
            let text = "this instance has a write transaction open; end it first";
            return Err(Error::Invalid(text.to_owned()));
        }
        let retire = Arc::clone(&self.retire);
        let begun = Instant::now();
        let turn = writer.begin(self.times.write_turn, retire).await;
        self.waited += begun.elapsed();
        turn
    }

    /// Keeps a turn, and waits until it is on disk.
    async fn commit(&mut self, turn: Turn) -> Result<(), Error> {
        let begun = Instant::now();
        let outcome = turn.commit().await;
        self.waited += begun.elapsed();
        outcome
    }

    fn closed(&mut self, outcome: &Result<(), Error>) {
        self.open = false;
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
    /// The session.
    pub session: &'a mut StoreSession,
    /// The instance's resources.
    pub table: &'a mut ResourceTable,
}

/// Gives `strongroom:store/sql` to the components of a linker.
///
/// # Errors
/// The interface is in the linker already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> StoreView<'_>,
) -> Result<()> {
    bindings::add_to_linker::<T, HasStore>(linker, view)
}

struct HasStore;

impl HasData for HasStore {
    type Data<'a> = StoreView<'a>;
}

fn no_store() -> Error {
    Error::Denied("this service has no store here".to_owned())
}

impl Host for StoreView<'_> {
    async fn query(&mut self, sql: String, params: Vec<Value>) -> Result<Result<Rows, Error>> {
        let Some(store) = &self.session.store else {
            return Ok(Err(no_store()));
        };
        self.session.before(Call::Read)?;
        let begun = Instant::now();
        let rows = store
            .readers
            .query(self.session.times.read, sql, params)
            .await;
        let elapsed = begun.elapsed();
        if elapsed > INLINE_TIME_MAX {
            self.session.waited += elapsed;
        }
        self.session.after(Call::Read)?;
        Ok(rows)
    }
}

impl StoreView<'_> {
    fn open(&mut self, turn: Turn) -> Result<Resource<Turn>> {
        let resource = self.table.push(turn)?;
        self.session.open = true;
        Ok(resource)
    }
}

impl HostTransaction for StoreView<'_> {
    async fn begin(&mut self) -> Result<Result<Resource<Turn>, Error>> {
        self.session.before(Call::Begin)?;
        let turn = self.session.begin().await;
        self.session.after(Call::Begin)?;
        match turn {
            Ok(turn) => Ok(Ok(self.open(turn)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn begin_query(
        &mut self,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Result<(Resource<Turn>, Rows), Error>> {
        self.session.before(Call::BeginQuery)?;
        let turn = self.session.begin().await;
        // If the query fails, the turn is dropped, which undoes it.
        let begun = turn.and_then(|turn| {
            let rows = turn.query(&sql, &params)?;
            Ok((turn, rows))
        });
        self.session.retire_if_timed_out(&begun);
        self.session.after(Call::BeginQuery)?;
        match begun {
            Ok((turn, rows)) => Ok(Ok((self.open(turn)?, rows))),
            Err(error) => Ok(Err(error)),
        }
    }

    fn execute(
        &mut self,
        turn: Resource<Turn>,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Result<u64, Error>> {
        self.session.before(Call::Execute)?;
        let changed = self.table.get(&turn)?.execute(&sql, &params);
        self.session.after(Call::Execute)?;
        Ok(changed)
    }

    fn query(
        &mut self,
        turn: Resource<Turn>,
        sql: String,
        params: Vec<Value>,
    ) -> Result<Result<Rows, Error>> {
        self.session.before(Call::Query)?;
        let rows = self.table.get(&turn)?.query(&sql, &params);
        self.session.after(Call::Query)?;
        Ok(rows)
    }

    async fn commit(&mut self, turn: Resource<Turn>) -> Result<Result<(), Error>> {
        self.session.before(Call::Commit)?;
        let turn = self.table.delete(turn)?;
        let outcome = self.session.commit(turn).await;
        self.session.closed(&outcome);
        self.session.after(Call::Commit)?;
        Ok(outcome)
    }

    async fn commit_with(
        &mut self,
        turn: Resource<Turn>,
        changes: Vec<Change>,
    ) -> Result<Result<(), Error>> {
        self.session.before(Call::CommitWith)?;
        let turn = self.table.delete(turn)?;
        let outcome = match turn.change_all(&changes).await {
            Ok(()) => self.session.commit(turn).await,
            // The turn is dropped, which undoes it.
            Err(error) => Err(error),
        };
        self.session.closed(&outcome);
        self.session.after(Call::CommitWith)?;
        Ok(outcome)
    }

    async fn commit_later(&mut self, turn: Resource<Turn>) -> Result<Result<(), Error>> {
        self.session.before(Call::CommitLater)?;
        let outcome = self.table.delete(turn)?.commit_later();
        self.session.closed(&outcome);
        self.session.after(Call::CommitLater)?;
        Ok(outcome)
    }

    async fn drop(&mut self, turn: Resource<Turn>) -> Result<()> {
        let turn = self.table.delete(turn)?;
        let outcome = turn.timed_out();
        drop(turn);
        self.session.closed(&outcome);
        Ok(())
    }
}
