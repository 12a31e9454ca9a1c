//! The places for connections. Whoever comes gets one: when all are taken, the idlest connection is closed. So clients that hold
//! connections and say nothing, or read nothing, do not keep a health check out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// The places of a listener.
pub(super) struct Places {
    count_max: usize,
    taken: Mutex<Vec<Arc<State>>>,
}

struct State {
    /// Since when no request is being answered; none while one is.
    idle_since: Mutex<Option<Instant>>,
    closed: CancellationToken,
}

/// A place, until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    state: Arc<State>,
}

/// A request that is being answered, until it is dropped.
pub(super) struct Busy(Arc<State>);

impl Places {
    pub(super) fn new(count_max: usize) -> Arc<Self> {
        Arc::new(Self {
            count_max,
            taken: Mutex::default(),
        })
    }

    /// A place for a new connection; the idlest loses its own if none is free. None if all are busy.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= self.count_max {
            let idle = taken.iter().enumerate();
            let idle = idle.filter_map(|(index, state)| Some((state.idle_since()?, index)));
            let (_, idlest) = idle.min()?;
            taken.swap_remove(idlest).closed.cancel();
        }
        let state = Arc::new(State {
            idle_since: Mutex::new(Some(Instant::now())),
            closed: CancellationToken::new(),
        });
        taken.push(Arc::clone(&state));
        Some(Place {
            places: Arc::clone(self),
            state,
        })
    }
}

impl State {
    fn idle_since(&self) -> Option<Instant> {
        *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn set_idle_since(&self, idle_since: Option<Instant>) {
        *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = idle_since;
    }
}

impl Place {
    /// Keeps the place while a request is answered.
    pub(super) fn busy(&self) -> Busy {
        self.state.set_idle_since(None);
        Busy(Arc::clone(&self.state))
    }

    /// Waits until somebody else needs the place more.
    pub(super) async fn lost(&self) {
        self.state.closed.cancelled().await;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set_idle_since(Some(Instant::now()));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|state| !Arc::ptr_eq(state, &self.state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lost(place: &Place) -> bool {
        place.state.closed.is_cancelled()
    }

    #[test]
    fn a_newcomer_takes_the_place_of_the_idlest_and_of_nobody_busy() {
        let places = Places::new(3);
        let held: Vec<_> = (0..3).map(|_| places.take().unwrap()).collect();
        let busy = held[0].busy();
        drop(held[1].busy());
        let newcomer = places.take().unwrap();
        assert_eq!(
            held.iter().map(is_lost).collect::<Vec<_>>(),
            [false, false, true],
            "the first is busy, the second was lately"
        );
        let another = places.take().unwrap();
        assert!(is_lost(&held[1]) && !is_lost(&newcomer));
        drop(busy);
        drop((newcomer, another));
        let _free = places.take().unwrap();
        assert!(!is_lost(&held[0]), "two places were free");
    }

    #[test]
    fn none_is_free_while_all_are_busy() {
        let places = Places::new(1);
        let held = places.take().unwrap();
        let busy = held.busy();
        assert!(places.take().is_none());
        drop(busy);
        assert!(places.take().is_some());
    }
}
