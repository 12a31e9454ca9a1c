//! The stored form of passwords: Argon2id (RFC 9106) of the NFKC form, as a PHC string with its own
//! salt and parameters.

use super::normalized;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{ARGON2ID_IDENT, Argon2, Params, Version};

/// The random bytes of one hash (RFC 9106 section 3.1).
pub(crate) const SALT_LENGTH: usize = 16;

/// The PHC string of a password.
pub(crate) fn hash(
    argon2: &Argon2<'_>,
    password: &str,
    salt: [u8; SALT_LENGTH],
) -> Result<String, Error> {
    Ok(argon2
        .hash_password_with_salt(normalized(password).as_bytes(), &salt)?
        .to_string())
}

/// Whether a password is that of a PHC string, hashed with the parameters of the string.
pub(crate) fn verify(password: &str, hash: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash)?;
    match Argon2::default().verify_password(normalized(password).as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a PHC string has other parameters than these.
pub(crate) fn is_outdated(hash: &str, params: &Params) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash)?;
    let kept = Params::try_from(&hash)?;
    let same = hash.algorithm == ARGON2ID_IDENT
        && (kept.m_cost(), kept.t_cost(), kept.p_cost())
            == (params.m_cost(), params.t_cost(), params.p_cost());
    Ok(!same)
}

/// A PHC string that no password matches, and that takes as long to verify as a real one. So an
/// unknown email address takes as long as a wrong password.
pub(crate) fn of_no_user(params: &Params) -> Result<String, Error> {
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
mod tests;
