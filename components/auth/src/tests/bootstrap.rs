//! Goal: a fresh bank has one administrator, whose password only the operator knows.

use super::kit::*;
use crate::{Settings, admin_password};
use argon2::Params;
use strongroom_sdk::config::Config;
use strongroom_sdk::identity::Role;

const ADMIN: &str = "admin@strongroom.local";

#[test]
fn without_a_configured_password_the_start_prints_a_random_one_once() {
    let bank = Bank::new();
    let printed = bank.bootstrap(None).unwrap();
    assert_eq!(printed.len(), 1, "{printed:?}");
    let (_, rest) = printed[0].split_once("password ").unwrap();
    let (password, _) = rest.split_once(' ').unwrap();
    assert_eq!(password.len(), 29);
    assert_eq!(bank.log_in(ADMIN, password).unwrap().user.role, Role::Admin);
    let second = bank.bootstrap(None);
    assert_eq!(second, Ok(Vec::new()), "the second start prints nothing");
    // A bank that has an administrator gets no other.
    assert_eq!(bank.bootstrap(Some("short")), Ok(Vec::new()));
    assert_ne!(Bank::new().bootstrap(None), Ok(printed));
}

#[test]
fn a_configured_password_is_taken_and_not_repeated_if_it_keeps_the_rules() {
    let bank = Bank::new();
    for password in ["short", "strongroom-admin", ADMIN] {
        let error = bank.bootstrap(Some(password)).unwrap_err();
        assert!(error.contains("`admin_password`"), "{error}");
        assert!(password == "short" || !error.contains(password), "{error}");
        assert_eq!(bank.store.count("user"), 0);
    }
    assert_eq!(bank.bootstrap(Some(PASSWORD)), Ok(Vec::new()));
    bank.log_in(ADMIN, PASSWORD).unwrap();
}

#[test]
fn settings_are_read_from_the_configuration() {
    let read = |pairs: &[(&str, &str)]| {
        let settings = Settings::from_config(&Config::from_pairs(pairs.iter().copied()));
        let costs = |argon2: Params| [argon2.m_cost(), argon2.t_cost(), argon2.p_cost()];
        settings.map(|settings| costs(settings.argon2))
    };
    assert_eq!(read(&[]), Ok([19_456, 2, 1]));
    let set = [("argon2_memory_kib", "65536"), ("argon2_iterations", "3")];
    assert_eq!(read(&set), Ok([65_536, 3, 1]));
    assert!(read(&[("argon2_memory_kib", "8")]).is_err());
    assert!(read(&[("argon2_memory", "65536")]).is_err());
    let empty = Config::from_pairs([("admin_password", "")]);
    assert_eq!(admin_password(&empty), None);
}
