use super::*;
use crate::clock::ManualClock;

#[test]
fn ids_carry_the_time_and_differ() {
    let noon = ManualClock::at(1_795_348_800_000);
    let (one, other) = (SystemRandom.uuid_v7(&noon), SystemRandom.uuid_v7(&noon));
    assert_ne!(one, other);
    assert_eq!(one.get_version_num(), 7);
    let time = one.get_timestamp().map(|time| time.to_unix().0);
    assert_eq!(time, Some(1_795_348_800));
}
