use super::*;

struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        1_795_348_800_000
    }
}

#[test]
fn ids_carry_the_time_and_differ() {
    let (one, other) = (SystemRandom.uuid_v7(&Noon), SystemRandom.uuid_v7(&Noon));
    assert_ne!(one, other);
    assert_eq!(one.get_version_num(), 7);
    assert_eq!(
        one.get_timestamp().map(|time| time.to_unix().0),
        Some(1_795_348_800)
    );
}
