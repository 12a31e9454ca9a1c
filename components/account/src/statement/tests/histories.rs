//! Random histories: in every format, any period has its entries, and begins with the sum of those
//! before it.

use super::*;
use proptest::prelude::*;

/// A movement, and the milliseconds before it.
#[derive(Debug, Clone)]
enum Event {
    Deposit(i64),
    Withdraw(i64),
    Send(i64, String),
    Receive(i64),
    Capture(i64, i64),
    Midnight,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1_i64..100_000).prop_map(Event::Deposit),
        (1_i64..100).prop_map(Event::Withdraw),
        (1_i64..100, ".{0,20}").prop_map(|(amount, reference)| Event::Send(amount, reference)),
        (1_i64..100).prop_map(Event::Receive),
        (1_i64..50, 50_i64..100).prop_map(|(part, held)| Event::Capture(part, held)),
        Just(Event::Midnight),
    ]
}

const FIRST: &str = "2026-11-20";

/// Posts all movements but those without the money; returns the last day.
fn live(scene: &Scene, events: &[Event]) -> Day {
    for event in events {
        let now = scene.clock.now_ms();
        let account = scene.account();
        let available = account.balance.available();
        let other = by_id(&scene.store, scene.other.id).unwrap().unwrap();
        match event {
            Event::Deposit(amount) => drop(scene.deposit(*amount)),
            Event::Withdraw(amount) if available >= i128::from(*amount) => {
                scene.withdraw(*amount);
            }
            Event::Send(amount, reference) if available >= i128::from(*amount) => {
                let id = scene.send(*amount, reference);
                if amount % 3 == 0 {
                    scene.reverse(id, *amount);
                }
            }
            Event::Receive(amount) if other.balance.available() >= i128::from(*amount) => {
                scene.receive(*amount);
            }
            Event::Capture(part, held) if available >= i128::from(*held) => {
                scene.hold_and_capture(*held, *part);
            }
            Event::Midnight => {
                let next = Day::at(now).unwrap().last_ms() + 1;
                scene.clock.set_ms(next);
                continue;
            }
            _ => {}
        }
        // Some movements share a millisecond.
        scene
            .clock
            .set_ms((now + available as i64 % 2).min(Day::at(now).unwrap().last_ms()));
    }
    Day::at(scene.clock.now_ms()).unwrap()
}

/// The days from the first to the last.
fn days(last: Day) -> Vec<Day> {
    let (mut days, mut next) = (Vec::new(), day(FIRST));
    while next <= last {
        days.push(next);
        next = next.plus_days(1).unwrap();
    }
    days
}

fn net_minor(lines: &[ReadLine]) -> i64 {
    lines.iter().map(|line| line.signed_minor).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_form_has_the_period_s_entries_and_adds_up(
        events in prop::collection::vec(event(), 1..40),
        (one, other) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let scene = Scene::new();
        let days = days(live(&scene, &events));
        let (one, other) = (*one.get(&days), *other.get(&days));
        let period = Period::new(one.min(other), one.max(other)).unwrap();
        let moments = period.from().first_ms()..=period.to().last_ms();
        let mut lines = scene.lines();
        let before: Vec<_> = lines.iter().filter(|line| line.created_at_ms < *moments.start()).cloned().collect();
        lines.retain(|line| moments.contains(&line.created_at_ms));
        for format in Format::ALL {
            let read = scene.read(period, format);
            prop_assert_eq!(read.opening_minor, net_minor(&before));
            prop_assert_eq!(read.opening_minor + net_minor(&read.lines), read.closing_minor);
            prop_assert_eq!(&read.lines, &read::said_by(format, &lines));
            if let Some(totals) = read.totals {
                let total = |is_debit: bool| {
                    let some = lines.iter().filter(|line| (line.signed_minor < 0) == is_debit);
                    some.fold((0, 0), |(count, sum), line| (count + 1, sum + line.signed_minor.abs()))
                };
                prop_assert_eq!(totals, [total(true), total(false)]);
            }
        }
    }
}
