//! Random histories: a statement has its period's entries, and begins with the sum of those before.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;

/// A movement, and the milliseconds before it.
#[derive(Debug, Clone)]
enum Event {
    Deposit(i64),
    Withdraw(i64),
    Send(i64, String),
    Receive(i64),
    Capture(i64, i64),
    LastMillisecond,
    Midnight,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1_i64..100_000).prop_map(Event::Deposit),
        (1_i64..100).prop_map(Event::Withdraw),
        (1_i64..100, ".{0,20}").prop_map(|(amount, reference)| Event::Send(amount, reference)),
        (1_i64..100).prop_map(Event::Receive),
        (1_i64..50, 50_i64..100).prop_map(|(part, held)| Event::Capture(part, held)),
        Just(Event::LastMillisecond),
        Just(Event::Midnight),
    ]
}

/// Posts all movements but those without the money, and reverses a third of them.
fn live(scene: &Scene, events: &[Event]) {
    for event in events.iter().cloned() {
        let now = scene.clock.now_ms();
        let end_of_day = Day::at(now).unwrap().last_ms();
        let own = scene.account().balance.available() as i64;
        let other = by_id(&scene.store, scene.other.id).unwrap().unwrap();
        let other = other.balance.available() as i64;
        let (id, amount) = match event {
            Event::Deposit(amount) => (scene.deposit(amount), amount),
            Event::Withdraw(amount) if own >= amount => (scene.withdraw(amount), amount),
            Event::Send(amount, text) if own >= amount => (scene.send(amount, &text), amount),
            Event::Receive(amount) if other >= amount => (scene.receive(amount), amount),
            Event::Capture(part, held) if own >= held => (scene.hold_and_capture(held, part), part),
            Event::LastMillisecond | Event::Midnight => {
                let is_midnight = matches!(event, Event::Midnight);
                scene.clock.set_ms(end_of_day + i64::from(is_midnight));
                continue;
            }
            _ => continue,
        };
        if amount % 3 == 0 {
            scene.reverse(id, amount);
        }
        // Some movements share a millisecond.
        scene.clock.set_ms((now + own % 2).min(end_of_day));
    }
}

fn net_minor(lines: &[ReadLine]) -> i64 {
    lines.iter().map(|line| line.signed_minor).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_form_has_the_period_s_entries_and_adds_up(
        events in prop::collection::vec(event(), 1..40),
        ends in any::<[Index; 2]>(),
    ) {
        let scene = Scene::new();
        live(&scene, &events);
        let nights = events.iter().filter(|event| matches!(event, Event::Midnight)).count();
        // The first is the day before all movements.
        let day_of = |end: Index| whole().from().plus_days(end.index(nights + 2) as i64 - 1);
        let [one, other] = ends.map(|end| day_of(end).unwrap());
        let period = Period::new(one.min(other), one.max(other)).unwrap();
        let moments = period.from().first_ms()..=period.to().last_ms();
        let mut lines = scene.lines();
        let mut before = lines.clone();
        before.retain(|line| line.created_at_ms < *moments.start());
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
