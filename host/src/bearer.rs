//! The credentials of RFC 6750: `authorization: Bearer <token>`.

/// Returns the token, if the credentials are of that scheme. One or more spaces stand before it
/// (RFC 9110 section 11.4).
pub fn bearer_token(credentials: &str) -> Option<&str> {
    let (scheme, token) = credentials.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| token.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::bearer_token;

    #[test]
    fn a_token_stands_behind_its_scheme_and_any_number_of_spaces() {
        for (credentials, token) in rows! {
            ("Bearer t", Some("t")), ("bEARER t", Some("t")), ("Bearer   t", Some("t")),
            ("Bearer ", Some("")), ("Bearer", None), ("Bearer\tt", None), ("Basic dDp0", None),
            ("t", None),
        } {
            assert_eq!(bearer_token(credentials), token, "{credentials:?}");
        }
    }
}
