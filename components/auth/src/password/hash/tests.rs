use super::*;
use crate::password::tests::SPELLINGS;
use argon2::Algorithm;

fn params(memory_kib: u32) -> Params {
    Params::new(memory_kib, 1, 1, None).unwrap()
}

fn argon2(memory_kib: u32) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params(memory_kib))
}

#[test]
fn only_the_same_password_verifies() {
    let kept = hash(&argon2(16), "correct", [7; SALT_LENGTH]).unwrap();
    assert!(kept.starts_with("$argon2id$v=19$m=16,t=1,p=1$"), "{kept}");
    assert_eq!(verify("correct", &kept), Ok(true));
    assert_eq!(verify("Correct", &kept), Ok(false));
    assert_eq!(verify("correct\0", &kept), Ok(false));
    // A long one is hashed whole.
    let long = "x".repeat(300);
    let kept_long = hash(&argon2(16), &format!("{long}a"), [7; SALT_LENGTH]).unwrap();
    assert_eq!(verify(&format!("{long}b"), &kept_long), Ok(false));
    let salted = hash(&argon2(16), "correct", [8; SALT_LENGTH]).unwrap();
    assert_ne!(kept, salted);
}

#[test]
fn every_spelling_of_a_password_verifies() {
    for chosen in SPELLINGS {
        let kept = hash(&argon2(16), chosen, [7; SALT_LENGTH]).unwrap();
        for spelling in SPELLINGS {
            assert_eq!(verify(spelling, &kept), Ok(true), "{chosen} {spelling}");
        }
    }
}

#[test]
fn other_parameters_are_outdated_but_still_verify() {
    let kept = hash(&argon2(16), "correct", [7; SALT_LENGTH]).unwrap();
    assert_eq!(is_outdated(&kept, &params(16)), Ok(false));
    assert_eq!(is_outdated(&kept, &params(32)), Ok(true));
    assert_eq!(verify("correct", &kept), Ok(true));
}

#[test]
fn the_hash_of_no_user_has_the_parameters_in_force_and_no_password() {
    let no_user = of_no_user(&params(32)).unwrap();
    assert_eq!(is_outdated(&no_user, &params(32)), Ok(false));
    assert_eq!(verify("", &no_user), Ok(false));
    assert_eq!(verify("correct", &no_user), Ok(false));
}
