use super::*;

#[test]
fn a_period_does_not_end_before_it_begins() {
    let [one, other] = ["2026-11-22", "2026-11-23"].map(|text| Day::parse(text).unwrap());
    assert!(Period::new(one, one).is_some());
    assert!(Period::new(one, other).is_some());
    assert_eq!(Period::new(other, one), None);
}
