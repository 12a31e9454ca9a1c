//! How passwords are kept: Argon2id (RFC 9106), as a PHC string with its own salt and parameters.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{ARGON2ID_IDENT, Argon2, Params, Version};

/// What a password hash needs of randomness (RFC 9106 section 3.1).
pub(crate) const SALT_LENGTH: usize = 16;

/// The PHC string of a password.
pub(crate) fn hash(
    argon2: &Argon2<'_>,
    password: &str,
    salt: [u8; SALT_LENGTH],
) -> Result<String, Error> {
    Ok(argon2
        .hash_password_with_salt(password.as_bytes(), &salt)?
        .to_string())
}

/// Whether a password is the one of a PHC string. Takes the parameters of the string.
pub(crate) fn verify(password: &str, hash: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash)?;
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a PHC string was made with other parameters than those in force.
pub(crate) fn is_outdated(hash: &str, params: &Params) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash)?;
    let kept = Params::try_from(&hash)?;
    let same = hash.algorithm == ARGON2ID_IDENT
        && (kept.m_cost(), kept.t_cost(), kept.p_cost())
            == (params.m_cost(), params.t_cost(), params.p_cost());
    Ok(!same)
}

/// A PHC string that no password has, and that takes as long to verify as a real one: so that an unknown email address takes as
/// long as a wrong password.
pub(crate) fn of_nobody(params: &Params) -> Result<String, Error> {
    Ok(PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&[0; SALT_LENGTH])?),
        hash: Some(Output::new(&[0; Params::DEFAULT_OUTPUT_LEN])?),
    }
    .to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert_ne!(
            kept,
            hash(&argon2(16), "correct", [8; SALT_LENGTH]).unwrap()
        );
    }

    #[test]
    fn long_passwords_are_hashed_whole() {
        let long = "x".repeat(300);
        let kept = hash(&argon2(16), &format!("{long}a"), [7; SALT_LENGTH]).unwrap();
        assert_eq!(verify(&format!("{long}b"), &kept), Ok(false));
    }

    #[test]
    fn other_parameters_are_outdated_but_still_verify() {
        let kept = hash(&argon2(16), "correct", [7; SALT_LENGTH]).unwrap();
        assert_eq!(is_outdated(&kept, &params(16)), Ok(false));
        assert_eq!(is_outdated(&kept, &params(32)), Ok(true));
        assert_eq!(verify("correct", &kept), Ok(true));
    }

    #[test]
    fn nobody_s_hash_has_the_parameters_in_force_and_no_password() {
        let nobody = of_nobody(&params(32)).unwrap();
        assert_eq!(is_outdated(&nobody, &params(32)), Ok(false));
        assert_eq!(verify("", &nobody), Ok(false));
        assert_eq!(verify("correct", &nobody), Ok(false));
    }
}
