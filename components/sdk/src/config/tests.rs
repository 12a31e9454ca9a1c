use super::*;

#[test]
fn values_are_read_or_refused_by_key() {
    let config = Config::from_pairs([
        ("idle", "90s"),
        ("absolute", "soon"),
        ("memory", "65536"),
        ("small", "1"),
    ]);
    assert_eq!(config.duration_ms("idle", 1), Ok(90_000));
    assert_eq!(config.duration_ms("other", 7), Ok(7));
    let error = config.duration_ms("absolute", 1).unwrap_err();
    assert!(error.to_string().contains("`absolute`"), "{error}");
    assert_eq!(config.integer("memory", 8..=65_536, 9), Ok(65_536));
    assert!(config.integer("small", 8..=65_536, 9).is_err());
    assert_eq!(config.integer("other", 8..=65_536, 9), Ok(9));
}

#[test]
fn a_misspelt_key_is_named() {
    let config = Config::from_pairs([("sesion_idle", "1h")]);
    let error = config.expect_only(&["session_idle"]).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("`sesion_idle`"), "{message}");
    assert!(message.contains("session_idle"), "{message}");
    assert!(!format!("{config:?}").contains("1h"));
}
