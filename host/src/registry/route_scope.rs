//! The scope that a call needs: `scopes = { "GET /journal" = "journal:read" }`.

use super::route_pattern::RoutePattern;
use super::table::{TomlTable, type_name};
use crate::scope::is_scope;
use http::Method;
use std::borrow::Cow;
use toml::de::DeValue;

/// The scope of the calls of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteScope {
    /// The calls.
    pub route: RoutePattern,
    /// The route as the registry writes it.
    pub route_as_written: String,
    /// The scope that each of them needs.
    pub scope: String,
}

/// The scope of a call that no route of `scopes` matches.
fn default_scope(service: &str, method: &Method) -> String {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    format!("{service}:{}", if is_read { "read" } else { "write" })
}

/// The scope that a call of a service needs: that of the first route which matches.
pub(super) fn scope_of<'s>(
    scopes: &'s [RouteScope],
    service: &str,
    method: &Method,
    path: &str,
) -> Cow<'s, str> {
    match scopes
        .iter()
        .find(|scope| scope.route.matches(method, path))
    {
        Some(scope) => Cow::Borrowed(&scope.scope),
        None => Cow::Owned(default_scope(service, method)),
    }
}

/// All scopes that calls of a service need.
pub(super) fn all(scopes: &[RouteScope], service: &str) -> impl Iterator<Item = String> {
    let own = scopes.iter().map(|scope| scope.scope.clone());
    let defaults = [Method::GET, Method::POST].map(|method| default_scope(service, &method));
    own.chain(defaults)
}

/// Reads the table, in the order of the file.
pub(super) fn read(table: &mut TomlTable<'_, '_>, public: &[RoutePattern]) -> Vec<RouteScope> {
    let Some(table) = table.table("scopes") else {
        return Vec::new();
    };
    let mut entries: Vec<_> = table.entries().collect();
    entries.sort_by_key(|entry| entry.span.start);
    let mut parsed: Vec<RouteScope> = Vec::new();
    for entry in entries {
        let scope = match entry.value.get_ref() {
            DeValue::String(scope) => parse(entry.key, scope, &parsed, public),
            other => Err(format!(
                "must be a scope in quotes, not {}",
                type_name(other)
            )),
        };
        match scope {
            Ok(scope) => parsed.push(scope),
            Err(message) => table.problem(entry.span, &format!("\"{}\"", entry.key), message),
        }
    }
    parsed
}

fn parse(
    route_as_written: &str,
    scope: &str,
    before: &[RouteScope],
    public: &[RoutePattern],
) -> Result<RouteScope, String> {
    let route = RoutePattern::parse(route_as_written)?;
    if !is_scope(scope) {
        return Err(format!(
            "`{scope}` is not a scope; write at most 128 visible characters of ASCII without `\"` \
             and `\\`, such as \"journal:read\""
        ));
    }
    if public.iter().any(|public| public.covers(&route)) {
        return Err("is public, and needs no scope; remove it here, or from `public`".to_owned());
    }
    if let Some(other) = before.iter().find(|other| other.route.covers(&route)) {
        return Err(format!(
            "never counts, since `{}` stands above it and matches the same calls; move it up, or \
             remove it",
            other.route_as_written
        ));
    }
    Ok(RouteScope {
        route,
        route_as_written: route_as_written.to_owned(),
        scope: scope.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::registry::{Registry, RegistryProblem};
    use http::Method;
    use std::path::Path;

    fn parse(table: &str) -> (Registry, Vec<RegistryProblem>) {
        let text = format!("[services.accounts]\ncomponent = \"a\"\n{table}\n");
        Registry::parse(Path::new("/r/registry.toml"), &text)
    }

    #[test]
    fn a_call_needs_the_scope_of_the_first_route_that_matches_or_that_of_its_service() {
        let (registry, problems) = parse(
            r#"scopes = { "GET /journal" = "journal:read", "* /journal/*" = "j", "GET /*" = "all" }"#,
        );
        assert!(problems.is_empty(), "{problems:?}");
        let spec = registry.service("accounts").unwrap();
        for (method, path, scope) in rows! {
            (Method::GET, "/journal", "journal:read"), (Method::HEAD, "/journal", "journal:read"),
            (Method::POST, "/journal", "accounts:write"), (Method::GET, "/journal/1", "j"),
            (Method::DELETE, "/journal/1", "j"), (Method::GET, "/", "all"),
            (Method::PATCH, "/1", "accounts:write"),
        } {
            assert_eq!(spec.scope(&method, path), scope, "{method} {path}");
        }
        let (registry, _) = parse("");
        let spec = registry.service("accounts").unwrap();
        assert_eq!(spec.scope(&Method::HEAD, "/journal"), "accounts:read");
        assert_eq!(spec.scope(&Method::OPTIONS, "/"), "accounts:write");
    }

    #[test]
    fn a_registry_lists_the_scopes_of_its_services() {
        let (registry, _) = parse(
            "scopes = { \"GET /journal\" = \"journal:read\" }\n[services.hello]\ncomponent = \
             \"h\"\npublic = [\"* /*\"]",
        );
        let scopes: Vec<_> = registry.scopes().into_iter().collect();
        assert_eq!(scopes, ["accounts:read", "accounts:write", "journal:read"]);
    }

    #[test]
    fn what_is_wrong_with_a_scope_is_named_with_what_to_do() {
        for (table, message) in rows! {
            (r#"scopes = { "GET journal" = "j" }"#, "is not `METHOD /path`"),
            (r#"scopes = { "GET /a" = "a b" }"#, "is not a scope"),
            (r#"scopes = { "GET /a" = "" }"#, "is not a scope"),
            (r#"scopes = { "GET /a" = ["a"] }"#, "in quotes, not a list"),
            (r#"scopes = { "GET /*" = "a", "GET /a" = "b" }"#, "move it up"),
            (r#"scopes = { "* /a" = "a", "GET /a" = "b" }"#, "move it up"),
            (r#"scopes = { "GET /a" = "a", "GET /a" = "b" }"#, "duplicate key"),
            ("public = [\"GET /a\"]\nscopes = { \"GET /a\" = \"a\" }", "is public"),
        } {
            let (_, problems) = parse(table);
            assert_eq!(problems.len(), 1, "{table}: {problems:?}");
            assert!(problems[0].message.contains(message), "{}", problems[0]);
            let key = &problems[0].key;
            let is_of_route = key.starts_with("services.accounts.scopes.\"GET ");
            assert!(key.is_empty() || is_of_route, "{}", problems[0]);
        }
    }
}
