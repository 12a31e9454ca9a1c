//! Goal: a fresh bank has one administrator, whose password the operator knows and nobody else does.
//! Method: starts with and without a configured password.

use super::*;
use strongroom_sdk::config::Config;

#[test]
fn without_a_configured_password_a_random_one_is_told_once() {
    let scene = Scene::new();
    let told = scene.service.bootstrap(None).unwrap();
    assert_eq!(told.len(), 1);
    let password = told[0]
        .split("password ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    assert_eq!(password.len(), 29);
    let logged_in = scene.log_in("admin@strongroom.local", password).unwrap();
    assert_eq!(logged_in.user.role, Role::Admin);
    assert_eq!(
        scene.service.bootstrap(None),
        Ok(Vec::new()),
        "the second start has nothing to tell"
    );
}

#[test]
fn two_banks_have_different_passwords() {
    assert_ne!(
        Scene::new().service.bootstrap(None),
        Scene::new().service.bootstrap(None)
    );
}

#[test]
fn a_configured_password_is_taken_and_not_repeated() {
    let scene = Scene::new();
    let told = scene.service.bootstrap(Some(PASSWORD)).unwrap();
    assert!(!told.concat().contains(PASSWORD), "{told:?}");
    scene.log_in("admin@strongroom.local", PASSWORD).unwrap();
}

#[test]
fn a_configured_password_keeps_the_rules() {
    for password in ["short", "strongroom-admin", "admin@strongroom.local"] {
        let scene = Scene::new();
        let error = scene.service.bootstrap(Some(password)).unwrap_err();
        assert!(error.contains("`admin_password`"), "{error}");
        assert!(password == "short" || !error.contains(password), "{error}");
        assert_eq!(scene.count("SELECT 1 FROM user"), 0);
    }
}

#[test]
fn a_bank_that_has_an_administrator_gets_no_other() {
    let scene = Scene::new();
    scene.service.bootstrap(None).unwrap();
    assert_eq!(scene.service.bootstrap(Some("short")), Ok(Vec::new()));
}

#[test]
fn settings_are_read_from_the_configuration() {
    let read =
        |pairs: &[(&str, &str)]| Settings::from_config(&Config::from_pairs(pairs.iter().copied()));
    let defaults = read(&[]).ok().unwrap();
    assert_eq!(
        (
            defaults.argon2.m_cost(),
            defaults.argon2.t_cost(),
            defaults.argon2.p_cost()
        ),
        (19_456, 2, 1)
    );
    let unset = Config::from_pairs([("admin_password", "")]);
    assert_eq!(crate::admin_password(&unset), None);
    let set = read(&[("argon2_memory_kib", "65536"), ("argon2_iterations", "3")])
        .ok()
        .unwrap();
    assert_eq!((set.argon2.m_cost(), set.argon2.t_cost()), (65_536, 3));
    assert!(read(&[("argon2_memory_kib", "8")]).is_err());
    assert!(read(&[("argon2_memory", "65536")]).is_err());
}
