//! Patterns for requests, such as those that need no token: `POST /login`, `* /.well-known/*`.

use http::Method;

/// The methods of a pattern. Another word is most likely misspelt.
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A pattern over method and path. The path is the part behind `/api/<service>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePattern {
    /// None stands for any method.
    method: Option<Method>,
    /// The path, or its beginning if `prefix`.
    path: String,
    prefix: bool,
}

impl RoutePattern {
    /// Parses `METHOD /path`. `*` is any method, or the rest of the path at its end.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!(
                "`{text}` is not `METHOD /path`; \
                 write for example \"POST /login\", or \"* /*\" for the whole service"
            )
        };
        let (method, path) = text.split_once(' ').ok_or_else(wanted)?;
        let method = match method {
            "*" => None,
            "HEAD" => return Err(format!("`{text}`: write GET, which stands for HEAD too")),
            name if METHODS.contains(&name) => {
                Some(Method::from_bytes(name.as_bytes()).map_err(|_| wanted())?)
            }
            _ if !path.starts_with('/') => return Err(wanted()),
            name => {
                let there_are = METHODS.join(", ");
                return Err(format!(
                    "`{text}`: `{name}` is no method; there are {there_are}, *"
                ));
            }
        };
        let (path, prefix) = match path.strip_suffix('*') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let plain = path.starts_with('/')
            && !path.contains(['*', '?', '#', ' ', '%'])
            && !path.contains("//")
            && (!prefix || path.ends_with('/'));
        if !plain {
            return Err(wanted());
        }
        Ok(Self {
            method,
            path: path.to_owned(),
            prefix,
        })
    }

    /// Whether it matches every request.
    pub(super) fn is_everything(&self) -> bool {
        self.method.is_none() && self.prefix && self.path == "/"
    }

    /// Whether it matches every request that `other` matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let any_method = self.method.is_none();
        let any_path = self.prefix && other.path.starts_with(&self.path);
        (any_method || self.method == other.method)
            && (any_path || (&self.path, self.prefix) == (&other.path, other.prefix))
    }

    /// Whether it matches a request. `path` is the part behind `/api/<service>`, with its `/`.
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        // RFC 9110 section 9.3.2: HEAD is GET without the body.
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let method_fits = self.method.as_ref().is_none_or(|wanted| wanted == method);
        let path_fits = if self.prefix {
            path.starts_with(&self.path)
        } else {
            path == self.path
        };
        method_fits && path_fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_route_is_that_route_only_and_a_star_any_method_or_the_rest_of_the_path() {
        for (pattern, method, path, is_match) in rows! {
            ("POST /login", Method::POST, "/login", true),
            ("POST /login", Method::GET, "/login", false),
            ("POST /login", Method::POST, "/login/", false),
            ("POST /login", Method::POST, "/login/x", false),
            ("POST /login", Method::POST, "/x/login", false), ("* /*", Method::DELETE, "/", true),
            ("* /*", Method::GET, "/a/b", true), ("GET /docs/*", Method::GET, "/docs/a", true),
            ("GET /docs/*", Method::GET, "/docsx", false),
        } {
            let found = RoutePattern::parse(pattern).unwrap().matches(&method, path);
            assert_eq!(found, is_match, "{pattern}: {method} {path}");
        }
    }

    #[test]
    fn a_pattern_covers_what_matches_nothing_more_and_what_is_not_a_route_is_none() {
        for (one, other, is_covered) in rows! {
            ("GET /a", "GET /a", true), ("* /a", "GET /a", true), ("GET /*", "GET /a", true),
            ("* /*", "* /a/*", true), ("GET /a", "POST /a", false), ("GET /a", "* /a", false),
            ("GET /a", "GET /a/b", false), ("GET /a/*", "GET /a", false),
            ("GET /a/*", "GET /*", false),
        } {
            let [pattern, covered] = [one, other].map(|text| RoutePattern::parse(text).unwrap());
            assert_eq!(pattern.covers(&covered), is_covered, "{one} covers {other}");
        }
        for wrong in rows! {
            "", "POST", "/login", "post /login", "POST login", "POST /a*", "POST /*/x",
            "POST /a b", "POST /%61", "HEAD /login", "GETT /login",
        } {
            assert!(RoutePattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
