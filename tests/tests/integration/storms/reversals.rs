//! Goal: a transfer is reversed once.
//!
//! Method: staff reverse each of many transfers twice at the same time, under two keys. One of the
//! two is posted, the other hears that it was.

use strongroom_tests::bank::Bank;
use strongroom_tests::history::traffic::{OPENING, open_account};
use strongroom_tests::history::{Ask, Checker, Decline, EUR, Heard, History, Line, Outcome, Wish};
use strongroom_tests::race::ask_at_once;
use strongroom_tests::scale::short_or_full;

use crate::storms::books;

/// How many transfers are reversed at a time.
const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_reversals_at_once_of_each_transfer_one_wins() {
    let transfers = short_or_full(50, 500);
    let bank = Bank::start().await;
    let history = History::default();
    let (admin, alice, bob) = (
        bank.admin().await,
        bank.customer().await,
        bank.customer().await,
    );
    let from = open_account(&alice, &admin, &history, EUR).await;
    let to = open_account(&bob, &admin, &history, EUR).await;
    let batch = Wish::Batch {
        lines: vec![Line::eur(from, to, 20); transfers],
        atomic: true,
    };
    let batch = Ask::new("send", batch);
    let sent = history.ask_until_answered(&alice, &batch).await;
    let ids: Vec<_> = sent.told.decided().iter().map(|sent| sent.id).collect();
    assert_eq!((sent.status, ids.len()), (201, transfers));

    for some in ids.chunks(AT_ONCE) {
        let asks = some.iter().flat_map(|id| {
            ["one", "other"].map(|which| {
                let ask = Ask::new(&format!("{which}-{id}"), Wish::Reverse { id: *id });
                (admin.clone(), ask)
            })
        });
        let heard = ask_at_once(&history, asks).await;
        for (id, heard) in some.iter().zip(heard.chunks(2)) {
            let mut outcomes: Vec<_> = heard.iter().map(Heard::outcome).collect();
            outcomes.sort_unstable_by_key(|outcome| outcome.is_declined());
            let lost = Outcome::Declined(Decline::AlreadyReversed);
            assert_eq!(outcomes, [Outcome::Posted, lost], "{id}");
        }
    }
    assert_eq!(alice.balance(&from.to_string()).await, EUR.decimal(OPENING));
    books::check(&mut Checker::default(), &history, &admin).await;
}
