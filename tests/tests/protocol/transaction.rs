//! The transaction service (T): `components/transaction/src/{drive,recover}.rs`, and the statements of `intent/rows.rs`.
//!
//! A handler here stands for all handlers that do the same for the same request: with messages doubled without a bound there may be any
//! number, and what one of them does, a second does to no further effect, or a doubled message lets it be done again. So a handler that
//! waits for A's reply goes on waiting after the first: that is the others. Only a crash ends it; a time-out (503, 409) is a handler that
//! hears no more.

use crate::mutant::Mutant;
use crate::network::Network;
use crate::protocol::Protocol;
use crate::set::{Member, Set, pair};
use crate::store::Store;
use crate::words::{Answer, Ask, Body, Call, Key, Reply, Request, Said, Wish};

/// A row of the table `intent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// The outcome is not known here.
    Accepted(Body),
    /// Decided; what the client is answered.
    Final(Body, Said),
}

/// The table `intent`, by key.
pub type Intents = [Option<Intent>; 2];

/// What a handler of `drive::submit` does when its first commit is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Next {
    /// `drive::decide`: asks A.
    Ask,
    /// The screening does not answer: `drive::forget`.
    Forget,
    /// `drive::repeat`: the stored answer, or that the key is another body's.
    Answer(Said),
}

impl Member for Next {
    const COUNT: u32 = 2 + Said::COUNT;

    fn number(self) -> u32 {
        match self {
            Self::Ask => 0,
            Self::Forget => 1,
            Self::Answer(said) => 2 + said.number(),
        }
    }

    fn of_number(number: u32) -> Self {
        match number {
            0 => Self::Ask,
            1 => Self::Forget,
            said => Self::Answer(Said::of_number(said - 2)),
        }
    }
}

/// A handler whose turn waits for its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handler {
    pub request: Request,
    pub next: Next,
}
pair!(Handler: request: Request, next: Next);

/// The service and its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Transaction {
    pub store: Store<Intents, Handler>,
    /// What A was asked by somebody who may still hear the reply: a handler; `recover::start` or `recover::tick`; or
    /// `api::read::undecided`, for a `GET`.
    pub asking: Set<Ask>,
    /// The handlers among these: they answer a client.
    pub owing: Set<Request>,
    /// The handlers to whom the screening has not answered, before they forget their intent.
    pub forgetting: Set<Request>,
}

impl Transaction {
    /// Nothing was asked yet.
    pub fn new() -> Self {
        Self {
            store: Store::of([None; 2]),
            asking: Set::default(),
            owing: Set::default(),
            forgetting: Set::default(),
        }
    }

    /// `drive::submit`, as far as its first commit: inserts the intent, or finds the one that is there. `is_screened`: whether the
    /// screening, if there is one, will answer to a first request.
    pub fn submit(
        &mut self,
        protocol: &Protocol,
        request: Request,
        is_screened: bool,
        network: &mut Network,
    ) {
        let body = request.ask.body;
        let is_same = |first| first == body || protocol.is(Mutant::KeyWithoutFingerprint);
        let row = &mut self.store.now[request.ask.key as usize];
        let next = match *row {
            None => {
                // `intent::insert`
                *row = Some(Intent::Accepted(body));
                if is_screened { Next::Ask } else { Next::Forget }
            }
            // `intent::find`, and what `drive::repeat` will make of it.
            Some(Intent::Accepted(first) | Intent::Final(first, _)) if !is_same(first) => {
                Next::Answer(Said::Reused)
            }
            Some(Intent::Accepted(_)) => Next::Ask,
            Some(Intent::Final(_, said)) => Next::Answer(said),
        };
        if next == Next::Ask && protocol.is(Mutant::AskBeforeCommit) {
            self.owing.add(request);
            self.attempt(request.ask, network);
            return;
        }
        // Where another handler has done the same, its commit would be to no effect.
        let is_done = match next {
            Next::Ask => self.owing.has(request),
            Next::Forget => false,
            Next::Answer(said) => network.answers.has(Answer { request, said }),
        };
        if !is_done {
            self.store.waiting.add(Handler { request, next });
        }
    }

    /// The group is on disk, and its handlers go on.
    pub fn commit(&mut self, network: &mut Network) {
        for Handler { request, next } in self.store.commit().members() {
            match next {
                Next::Ask => {
                    self.owing.add(request);
                    self.attempt(request.ask, network);
                }
                Next::Forget => self.forgetting.add(request),
                Next::Answer(said) => network.answers.add(Answer { request, said }),
            }
        }
    }

    /// `recover::sweep`, or a `GET`, meets a durable intent that is open (`intent::due`, `left_over`, `peek`).
    pub fn sweep(&mut self, protocol: &Protocol, key: Key, network: &mut Network) {
        let place = key as usize;
        match self.store.durable[place] {
            Some(Intent::Accepted(_)) if protocol.is(Mutant::NoRecovery) => {}
            Some(Intent::Accepted(_)) if protocol.is(Mutant::RecoveryForgets) => {
                self.store.now[place] = None;
            }
            Some(Intent::Accepted(body)) => self.attempt(Ask { key, body }, network),
            Some(Intent::Final(..)) | None => {}
        }
    }

    /// `drive::attempt`: asks A to post.
    ///
    /// An attempt past the deadline does not; but it comes after one that did, and that message may arrive again. Not always behind a
    /// screening: there the model lets more happen than can.
    fn attempt(&mut self, ask: Ask, network: &mut Network) {
        self.asking.add(ask);
        network.calls.add(Call {
            ask,
            wish: Wish::Post,
        });
    }

    /// `drive::give_up`, for one of those who ask: the deadline is past, or the screening has denied it (`Screened::post`).
    pub fn give_up(&mut self, protocol: &Protocol, ask: Ask, network: &mut Network) {
        if protocol.is(Mutant::GiveUpWithoutFence) {
            self.settle(protocol, ask, Said::Cancelled);
            return;
        }
        network.calls.add(Call {
            ask,
            wish: Wish::Fence,
        });
    }

    /// A's reply reaches the sweep: `recover::record`.
    pub fn hear(&mut self, protocol: &Protocol, reply: Reply) {
        if self.asking.has(reply.ask) {
            self.settle(protocol, reply.ask, reply.said);
        }
    }

    /// A's reply reaches a handler: `drive::resolve` notes it, to be durable with whatever is committed next; then the client is answered.
    pub fn answer(
        &mut self,
        protocol: &Protocol,
        request: Request,
        reply: Reply,
        network: &mut Network,
    ) {
        if self.owing.has(request) && request.ask == reply.ask {
            let said = reply.said;
            self.settle(protocol, request.ask, said);
            network.answers.add(Answer { request, said });
        }
    }

    /// `drive::settle`: an outcome makes the intent final, a refusal removes it.
    fn settle(&mut self, protocol: &Protocol, ask: Ask, said: Said) {
        if let Some(first) = self.open_row(protocol, ask) {
            self.store.now[ask.key as usize] =
                said.is_outcome().then_some(Intent::Final(first, said));
        }
    }

    /// `drive::forget`: the client will be told 503.
    pub fn forget(&mut self, protocol: &Protocol, request: Request) {
        self.forgetting.take(request);
        if self.open_row(protocol, request.ask).is_some() {
            self.store.now[request.ask.key as usize] = None;
        }
    }

    /// The row that `intent::finish` and `intent::remove` change: it is open, and it is that of the same request.
    fn open_row(&self, protocol: &Protocol, ask: Ask) -> Option<Body> {
        match self.store.now[ask.key as usize] {
            Some(Intent::Accepted(first))
                if first == ask.body || protocol.is(Mutant::NoteWithoutFingerprint) =>
            {
                Some(first)
            }
            _ => None,
        }
    }

    /// `intent::purge`: the answers have grown old.
    pub fn purge(&mut self) {
        for row in &mut self.store.now {
            row.take_if(|intent| matches!(intent, Intent::Final(..)));
        }
    }

    /// The process dies: what is not on disk is gone, and so are all handlers.
    pub fn crash(&mut self) {
        self.store.lose_group();
        self.asking = Set::default();
        self.owing = Set::default();
        self.forgetting = Set::default();
    }
}
