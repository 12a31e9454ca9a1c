//! A line before a number of places, in which clients take turns: one that sends a thousand
//! requests delays another's by one request, and not by a thousand.

use crate::client::Client;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The line.
#[derive(Debug)]
pub struct FairLine {
    places: usize,
    /// How many may wait, how many more of those who have a reserve, and how many of one client.
    waiting_max: usize,
    reserve: usize,
    client_waiting_max: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    places_free: usize,
    waiting: usize,
    /// The clients that wait; the first has the next turn.
    turns: VecDeque<Client>,
    by_client: HashMap<Client, VecDeque<oneshot::Sender<Place>>>,
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub struct Place(Option<Arc<FairLine>>);

/// Too many wait already, or the wait was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all places are taken")]
pub struct LineFull;

impl FairLine {
    /// A line with this many places. One client may be half of those that wait.
    pub fn new(places: usize, waiting_max: usize) -> Arc<Self> {
        Self::with_reserve(places, waiting_max, 0)
    }

    /// The same with room for more who wait: those whom strangers must not keep out.
    pub fn with_reserve(places: usize, waiting_max: usize, reserve: usize) -> Arc<Self> {
        Arc::new(Self {
            places,
            waiting_max,
            reserve,
            client_waiting_max: waiting_max.div_ceil(2),
            state: Mutex::new(State {
                places_free: places,
                waiting: 0,
                turns: VecDeque::new(),
                by_client: HashMap::new(),
            }),
        })
    }

    /// How many places are taken.
    pub fn taken(&self) -> usize {
        self.places - self.state.lock().places_free
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.state.lock().waiting
    }

    /// Waits for a place, at most for `wait_max`.
    pub async fn enter(
        self: &Arc<Self>,
        client: Client,
        wait_max: Duration,
    ) -> Result<Place, LineFull> {
        self.enter_within(self.waiting_max, client, wait_max).await
    }

    /// The same for a client that may use the reserve.
    pub async fn enter_reserved(
        self: &Arc<Self>,
        client: Client,
        wait_max: Duration,
    ) -> Result<Place, LineFull> {
        let waiting_max = self.waiting_max + self.reserve;
        self.enter_within(waiting_max, client, wait_max).await
    }

    async fn enter_within(
        self: &Arc<Self>,
        waiting_max: usize,
        client: Client,
        wait_max: Duration,
    ) -> Result<Place, LineFull> {
        let turn = {
            let mut state = self.state.lock();
            if state.places_free > 0 {
                state.places_free -= 1;
                return Ok(Place(Some(Arc::clone(self))));
            }
            let own = state.by_client.get(&client).map_or(0, VecDeque::len);
            let is_full = state.waiting >= waiting_max;
            if own >= self.client_waiting_max || (is_full && !state.make_room(own)) {
                return Err(LineFull);
            }
            let (sender, turn) = oneshot::channel();
            if own == 0 {
                state.turns.push_back(client);
            }
            state.waiting += 1;
            state.by_client.entry(client).or_default().push_back(sender);
            turn
        };
        let mut waiter = Waiter {
            line: self,
            client,
            turn,
        };
        match tokio::time::timeout(wait_max, &mut waiter.turn).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(LineFull),
        }
    }

    /// Gives a place to the client whose turn it is.
    fn pass_on(self: Arc<Self>) {
        let mut state = self.state.lock();
        while let Some(client) = state.turns.pop_front() {
            let Some(sender) = state.next_of(client) else {
                continue;
            };
            let Err(mut place) = sender.send(Place(Some(Arc::clone(&self)))) else {
                return;
            };
            // They have just gone away. The place stays in our hands, so it is not to be passed on
            // twice.
            place.0 = None;
        }
        state.places_free += 1;
    }
}

impl State {
    /// Turns away the last one of the client for whom most wait, if these are more than `own` and
    /// one more: so a few clients that fill the line do not keep the others out.
    fn make_room(&mut self, own: usize) -> bool {
        let longest = self.by_client.values_mut().max_by_key(|line| line.len());
        let Some(longest) = longest.filter(|line| line.len() > own + 1) else {
            return false;
        };
        // Dropped, it tells the one who waits.
        drop(longest.pop_back());
        self.waiting -= 1;
        true
    }

    /// Takes out the first of a client, who goes to the end of the line if there are more of
    /// theirs.
    fn next_of(&mut self, client: Client) -> Option<oneshot::Sender<Place>> {
        let own = self.by_client.get_mut(&client)?;
        let first = own.pop_front();
        if own.is_empty() {
            self.by_client.remove(&client);
        } else {
            self.turns.push_back(client);
        }
        self.waiting -= usize::from(first.is_some());
        first
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            line.pass_on();
        }
    }
}

/// One who waits; they leave the line when they give up.
struct Waiter<'a> {
    line: &'a FairLine,
    client: Client,
    turn: oneshot::Receiver<Place>,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        // A place that has come meanwhile is passed on: so before the lock.
        self.turn.close();
        drop(self.turn.try_recv());
        let mut state = self.line.state.lock();
        let Some(own) = state.by_client.get_mut(&self.client) else {
            return;
        };
        let before = own.len();
        own.retain(|sender| !sender.is_closed());
        let left = own.len();
        state.waiting -= before - left;
        if left == 0 {
            state.by_client.remove(&self.client);
            state.turns.retain(|client| *client != self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use futures::future::LocalBoxFuture;

    const LONG: Duration = Duration::from_secs(60);

    fn client(number: u8) -> Client {
        Client::of_address([127, 0, 0, number].into())
    }

    async fn enter(line: &Arc<FairLine>, number: u8) -> Result<Place, LineFull> {
        line.enter(client(number), LONG).await
    }

    fn wait(line: &Arc<FairLine>, number: u8) -> LocalBoxFuture<'_, Result<Place, LineFull>> {
        let mut waiting = enter(line, number).boxed_local();
        assert!(waiting.as_mut().now_or_never().is_none(), "{number}");
        waiting
    }

    #[tokio::test]
    async fn who_waits_too_long_leaves_the_line_and_more_than_may_wait_are_turned_away_at_once() {
        let line = FairLine::new(1, 1);
        let place = enter(&line, 1).await.unwrap();
        for _ in 0..3 {
            let late = line.enter(client(1), Duration::from_millis(5)).await;
            assert_eq!(late.unwrap_err(), LineFull);
        }
        let waiting = wait(&line, 1);
        assert_eq!(enter(&line, 2).await.unwrap_err(), LineFull);
        drop(place);
        drop(waiting.await.unwrap());
        drop(enter(&line, 2).await.unwrap());
    }

    #[tokio::test]
    async fn a_client_takes_half_of_the_line_at_most_and_makes_room_for_one_who_comes() {
        let line = FairLine::new(1, 4);
        let _place = enter(&line, 1).await.unwrap();
        let mut own = [wait(&line, 1), wait(&line, 1)];
        assert!(enter(&line, 1).await.is_err());
        let mut others = [wait(&line, 2), wait(&line, 2)];
        let _newcomer = wait(&line, 3);
        let flood = own.iter_mut().chain(&mut others);
        let told = flood.filter_map(|waiting| waiting.as_mut().now_or_never());
        assert_eq!(told.filter(Result::is_err).count(), 1);
        // No client has two more waiting than this one.
        assert!(enter(&line, 3).await.is_err());
    }

    #[tokio::test]
    async fn a_client_with_a_reserve_waits_although_strangers_fill_the_line() {
        let line = FairLine::with_reserve(1, 2, 1);
        let _place = enter(&line, 1).await.unwrap();
        let _strangers = [wait(&line, 2), wait(&line, 3)];
        assert!(enter(&line, 4).await.is_err());
        let mut known = Box::pin(line.enter_reserved(client(4), LONG));
        assert!(known.as_mut().now_or_never().is_none());
        let another = line.enter_reserved(client(5), LONG).await;
        assert!(another.is_err(), "the reserve has an end");
    }

    #[tokio::test]
    async fn clients_take_turns() {
        let line = FairLine::new(1, 100);
        let place = enter(&line, 1).await.unwrap();
        let mut flood = [1; 20].map(|number| wait(&line, number));
        let other = wait(&line, 2);
        drop(place);
        drop(flood[0].as_mut().now_or_never().unwrap());
        assert!(other.now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn one_who_gives_up_leaves_the_line_and_passes_a_place_on() {
        let line = FairLine::new(1, 2);
        let place = enter(&line, 1).await.unwrap();
        let gives_up = wait(&line, 2);
        let stays = wait(&line, 3);
        // The place is theirs now, and they do not take it any more.
        drop(place);
        drop(gives_up);
        drop(stays.await.unwrap());
        assert!(enter(&line, 1).now_or_never().unwrap().is_ok());
    }
}
