//! The path of a request: its service, and what the service gets.
//!
//! The gateway decides by exactly the path that the component gets. Nothing is decoded or
//! normalised in between, and a path that has two readings is refused.

use super::problem::GatewayError;
use std::borrow::Cow;

/// A path under `/api`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServicePath<'a> {
    /// The first segment under `/api`.
    pub(super) service: &'a str,
    /// What follows it. Begins with `/`.
    pub(super) rest: &'a str,
}

impl<'a> ServicePath<'a> {
    /// Parses `/api/<service>/..`.
    ///
    /// # Errors
    /// It is no such path, or has two readings.
    pub(super) fn parse(path: &'a str) -> Result<Self, GatewayError> {
        check_unambiguous(path)?;
        let under_api = path
            .strip_prefix("/api/")
            .ok_or(GatewayError::NoSuchService)?;
        let (service, rest) = match under_api.find('/') {
            Some(end) => under_api.split_at(end),
            None => (under_api, "/"),
        };
        if service.is_empty() {
            return Err(GatewayError::NoSuchService);
        }
        Ok(Self { service, rest })
    }
}

/// A path for logs and documents, with escapes for what is not ASCII: it can steer no terminal.
pub(super) fn in_ascii(path: &str) -> Cow<'_, str> {
    if path.is_ascii() {
        return path.into();
    }
    let escape = |byte: u8| match byte {
        0x21..=0x7e => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    path.bytes().map(escape).collect::<String>().into()
}

fn check_unambiguous(path: &str) -> Result<(), GatewayError> {
    // RFC 3986 section 2: escapes stand for what is not ASCII.
    if !path.is_ascii() {
        return Err(GatewayError::BadRequest(
            "the path has a character that must be written as an escape (`%..`)",
        ));
    }
    if path.contains("//") {
        return Err(GatewayError::BadRequest(
            "the path has an empty segment (`//`)",
        ));
    }
    let mut escapes = path.split('%').skip(1);
    if escapes.any(has_two_readings) {
        return Err(GatewayError::BadRequest(
            "the path has an escape that could hide a letter, a digit, a slash, a dot, or a control \
             character",
        ));
    }
    if path.contains('\\')
        || path
            .split('/')
            .any(|segment| segment == "." || segment == "..")
    {
        return Err(GatewayError::BadRequest(
            "the path has a `.`, `..`, or `\\` in it",
        ));
    }
    Ok(())
}

/// Whether what follows a `%` is no escape, or one that some servers take for a part of the path's
/// structure, or for the character itself (RFC 3986 section 6.2.2.2): rates and scopes are those of
/// the path as it is written.
fn has_two_readings(escape: &str) -> bool {
    let code = escape.get(..2).and_then(|code| {
        let is_hex = code.bytes().all(|byte| byte.is_ascii_hexdigit());
        u8::from_str_radix(code, 16).ok().filter(|_| is_hex)
    });
    code.is_none_or(|byte| {
        byte.is_ascii_control()
            || byte.is_ascii_alphanumeric()
            || matches!(byte, b'/' | b'\\' | b'.' | b'%' | b'-' | b'_' | b'~')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str) -> Result<ServicePath<'_>, GatewayError> {
        ServicePath::parse(path)
    }

    #[test]
    fn the_first_segment_under_api_is_the_service() {
        for (path, service, rest) in rows! {
            ("/api/auth/login", "auth", "/login"), ("/api/accounts", "accounts", "/"),
            ("/api/accounts/", "accounts", "/"),
            ("/api/accounts/api/auth", "accounts", "/api/auth"),
            ("/api/notes/%C3%A4%20b", "notes", "/%C3%A4%20b"),
        } {
            let route = parse(path).unwrap();
            assert_eq!((route.service, route.rest), (service, rest), "{path}");
        }
    }

    #[test]
    fn any_other_path_has_no_service_or_is_refused_where_it_has_two_readings() {
        for path in ["/", "/api", "/api/", "/apis/auth", "/auth/login"] {
            let is_none = matches!(parse(path), Err(GatewayError::NoSuchService));
            assert!(is_none, "{path}");
        }
        for path in rows! {
            "/api/auth/../accounts", "//api/auth", "/api//auth", "/api/auth/./x",
            "/api/auth%2flogin", "/api/%2e%2e/x", "/api/auth/%5Cx", "/api/auth/%6Cogin",
            "/api/auth/%7e", "/api/auth/%+1", "/api/auth/%00", "/api/auth/%0d%0a",
            "/api/auth/%252f", "/api/auth/%", "/api/auth/%zz", "/api/auth/\u{9b}31m",
            "/api/auth\\x",
        } {
            let is_refused = matches!(parse(path), Err(GatewayError::BadRequest(_)));
            assert!(is_refused, "{path}");
        }
    }

    #[test]
    fn what_is_not_ascii_is_escaped_for_readers() {
        assert_eq!(in_ascii("/api/\u{9b}31m"), "/api/%C2%9B31m");
        assert_eq!(in_ascii("/api/a%20b"), "/api/a%20b");
    }

    proptest::proptest! {
        #[test]
        fn no_path_makes_the_parser_panic(path in ".*") {
            let _ = parse(&path);
        }

        #[test]
        fn the_parts_make_the_path(path in "/api/[a-z]{1,5}(/[a-z0-9.-]{1,4}){0,3}") {
            if let Ok(route) = parse(&path) {
                let whole = format!("/api/{}{}", route.service, route.rest);
                let is_path = whole == path || whole.strip_suffix('/') == Some(path.as_str());
                proptest::prop_assert!(is_path);
            }
        }
    }
}
