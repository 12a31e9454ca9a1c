//! Goal: a transfer is reversed once.
//!
//! Method: staff reverse each of many transfers twice at the same time, under two keys. One of the
//! two is posted, the other hears that it was.

use strongroom_tests::Bank;
use strongroom_tests::history::traffic::OPENING;
use strongroom_tests::history::{Ask, Decline, EUR, Heard, Line, Outcome, Scene, Who, Wish};
use strongroom_tests::scale::short_or_full;

/// How many transfers are reversed at a time.
const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_reversals_at_once_of_each_transfer_one_wins() {
    let transfers = short_or_full(50, 500);
    let mut scene = Scene::open(Bank::start().await, 2, &[EUR]).await;
    let [from, to] = scene.town.accounts();
    let batch = Wish::atomic_batch(vec![Line::eur(from, to, 20); transfers]);
    let sent = scene.do_once(Who::Owner(0), batch).await;
    let ids: Vec<_> = sent.told.decided().iter().map(|sent| sent.id).collect();
    assert_eq!(ids.len(), transfers);

    for some in ids.chunks(AT_ONCE) {
        let asks = some.iter().flat_map(|id| {
            ["one", "other"].map(|which| {
                let ask = Ask::new(&format!("{which}-{id}"), Wish::Reverse(*id));
                (Who::Admin, ask)
            })
        });
        let heard = scene.ask_at_once(asks).await;
        for (id, heard) in some.iter().zip(heard.chunks(2)) {
            let mut outcomes: Vec<_> = heard.iter().map(Heard::outcome).collect();
            outcomes.sort_unstable_by_key(|outcome| outcome.is_declined());
            let lost = Outcome::Declined(Decline::AlreadyReversed);
            assert_eq!(outcomes, [Outcome::Posted, lost], "{id}");
        }
    }
    scene.check().await;
    let account = scene.checker.books.model().account(from);
    assert_eq!(account.map(|it| it.balance()), Some(OPENING));
}
