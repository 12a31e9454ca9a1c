//! One client: one wish after the other, until the host is dead.

use std::sync::Arc;
use std::time::Duration;

use strongroom_tests::history::traffic::{Town, Who, Wishes};
use strongroom_tests::history::{Ask, Heard, History, Reply};

/// How long it waits before it repeats what the bank could not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

pub type OwnedAsk = (Who, Ask);

/// What one client did until the host died.
pub struct Shift {
    pub wishes: Wishes,
    pub answered: Vec<(OwnedAsk, Reply)>,
    /// There is always one: the host dies, the client does not tire.
    pub unanswered: OwnedAsk,
}

pub async fn work(town: Arc<Town>, history: History, mut wishes: Wishes) -> Shift {
    let mut answered = Vec::new();
    loop {
        let (who, ask) = wishes.next(&town);
        loop {
            match history.ask(town.person(who), &ask).await {
                Heard::Final(reply) => {
                    wishes.learn(who, &reply);
                    answered.push(((who, ask), reply));
                    break;
                }
                Heard::NotYet => tokio::time::sleep(RETRY_PAUSE).await,
                Heard::Silence => {
                    return Shift {
                        wishes,
                        answered,
                        unanswered: (who, ask),
                    };
                }
            }
        }
    }
}
