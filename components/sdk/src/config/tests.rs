use super::*;
use crate::rows;

#[test]
fn values_are_read_and_the_others_have_their_defaults() {
    let config = Config::from_pairs([("idle", "90s"), ("memory", "65536"), ("name", "")]);
    let mut values = config.read();
    assert_eq!(values.duration_ms("idle", 1), 90_000);
    assert_eq!(values.duration_ms("other", 7), 7);
    assert_eq!(values.integer("memory", 8..=65_536, 9), 65_536);
    assert_eq!(values.integer("number", 8..=65_536, 9), 9);
    assert_eq!((values.text("name"), values.text("none")), (Some(""), None));
    assert_eq!(values.finish(), Ok(()));
}

#[test]
fn all_that_is_wrong_is_reported_at_once_and_no_value() {
    let config = Config::from_pairs(rows! {
        ("idle", "soon"), ("short", "1ms"), ("small", "1"), ("text", "2"), ("sesion_idle", "5h"),
    });
    let mut values = config.read();
    values.duration_ms("idle", 1);
    values.duration_ms("short", 1);
    values.integer("small", 8..=65_536, 9);
    values.text("text");
    let time = "must be a length of time such as \"60m\", at least a second and at most ten years";
    let expected = [
        format!("config key `idle` {time}"),
        format!("config key `short` {time}"),
        "config key `small` must be a whole number from 8 to 65536".to_owned(),
        "config key `sesion_idle` is not known; there are: idle, short, small, text".to_owned(),
        "config key `text` must be a word".to_owned(),
    ];
    let made = Err::<(), _>("config key `text` must be a word");
    let error = values.finish_with(made).unwrap_err();
    assert_eq!(error.to_string(), expected.join("\n"));
    assert!(!format!("{config:?}").contains("5h"));
    let error = config.read().finish().unwrap_err().to_string();
    assert!(error.starts_with("config key `idle` is not known; there are: none"));
}
