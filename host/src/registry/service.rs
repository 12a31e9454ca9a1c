//! One `[services.<name>]` table.

use super::canary::CanarySpec;
use super::component::{file_of, read_component};
use super::digest::Digest;
use super::environment::{SECRETS, read_secret};
use super::key_lines::KeyLines;
use super::limits::Limits;
use super::origin::Origin;
use super::route_pattern::RoutePattern;
use super::route_rate::RouteRate;
use super::route_scope::{self, RouteScope};
use super::table::{TomlTable, type_name};
use http::Method;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// A service as the registry describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Its name: it serves at `/api/<name>`.
    pub name: String,
    /// The component's file.
    pub component: PathBuf,
    /// The component's file as the registry writes it, for messages.
    pub component_as_written: String,
    /// The only digest that the host loads, if the operator pinned one.
    pub digest: Option<Digest>,
    /// The requests that need no token.
    pub public: Vec<RoutePattern>,
    /// The scopes of calls that do not need the one of their service.
    pub route_scopes: Vec<RouteScope>,
    /// How often one client may call a route.
    pub rates: Vec<RouteRate>,
    /// The host interfaces that the component may import beside the ordinary ones.
    pub grants: BTreeSet<Grant>,
    /// The imports that other services satisfy.
    pub links: Vec<Link>,
    /// Where the component may send HTTP requests.
    pub outbound: Vec<Origin>,
    /// What `wasi:config/store` returns: keys and values.
    pub config: Vec<(String, String)>,
    /// What it may use.
    pub limits: Limits,
    /// A version that gets a share of the requests.
    pub canary: Option<CanarySpec>,
    /// The lines of its table and keys, for messages.
    lines: KeyLines,
}

#[cfg(test)]
impl ServiceSpec {
    /// The service `x` with this table, beside a service `callee`.
    pub fn of_table(table: &str) -> Self {
        let text = format!("services.callee.component = \"c.wasm\"\n[services.x]\n{table}");
        let (registry, problems) = super::Registry::parse(Path::new("/r/registry.toml"), &text);
        assert!(problems.is_empty(), "{problems:?}");
        registry.service("x").unwrap().clone()
    }
}

/// A host interface that a component may import only if it is granted by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// `strongroom:keys/signer`
    Signer,
    /// `strongroom:keys/revocations`
    Revocations,
    /// `strongroom:keys/api-keys`
    ApiKeys,
}

impl Grant {
    /// Its name in the registry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signer => "signer",
            Self::Revocations => "revocations",
            Self::ApiKeys => "api_keys",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "signer" => Ok(Self::Signer),
            "revocations" => Ok(Self::Revocations),
            "api_keys" => Ok(Self::ApiKeys),
            other => Err(format!(
                "`{other}` is not a grant; known: signer, revocations, api_keys"
            )),
        }
    }
}

/// A typed import that another service's export satisfies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The interface, such as `strongroom:token/issuer`, with or without `@version`.
    pub import: String,
    /// The service whose component exports it.
    pub service: String,
    pub(super) span: Range<usize>,
}

/// A name is one segment of a URL path, and the name of a file.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let fits = (1..=63).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        Ok(())
    } else {
        Err(
            "is not a service name; use at most 63 of a-z, 0-9, and -, and begin with a letter"
                .to_owned(),
        )
    }
}

impl ServiceSpec {
    /// The line of a key of its table, or of one in a table of it such as `config.session_idle`; of
    /// the table if it does not have the key.
    pub fn line_of(&self, key: &str) -> usize {
        self.lines.line_of(key)
    }

    /// Whether a request needs no token. `path` is the part behind `/api/<service>`.
    pub fn is_public(&self, method: &Method, path: &str) -> bool {
        self.public.iter().any(|route| route.matches(method, path))
    }

    /// Whether no request needs a token.
    pub fn is_public_as_a_whole(&self) -> bool {
        self.public.iter().any(RoutePattern::is_everything)
    }

    /// The scope that a call needs.
    pub fn scope(&self, method: &Method, path: &str) -> Cow<'_, str> {
        route_scope::scope_of(&self.route_scopes, &self.name, method, path)
    }

    /// The scopes that its calls need.
    pub fn scopes(&self) -> Vec<String> {
        if self.is_public_as_a_whole() {
            return Vec::new();
        }
        route_scope::all(&self.route_scopes, &self.name).collect()
    }

    pub(super) fn read(name: &str, mut table: TomlTable<'_, '_>, folder: &Path) -> Option<Self> {
        let component = read_component(&mut table);
        let digest = table.string("digest", Digest::parse);
        let public = table.strings("public", RoutePattern::parse);
        let route_scopes = route_scope::read(&mut table, &public);
        let rates = table.strings("rates", |text| RouteRate::parse(text, &public));
        let grants = table.strings("grants", Grant::parse).into_iter().collect();
        let links = read_links(&mut table);
        let outbound = table.strings("outbound", Origin::parse);
        let config = read_config(&mut table, folder);
        let limits = table.table("limits").map(Limits::read).unwrap_or_default();
        let canary = table.table("canary");
        let canary = canary.and_then(|canary| CanarySpec::read(canary, folder));
        table.refuse_unknown();
        let lines = KeyLines::of(&table);
        let component_as_written = component?;
        Some(Self {
            name: name.to_owned(),
            component: file_of(&component_as_written, folder),
            component_as_written,
            digest,
            public,
            route_scopes,
            rates,
            grants,
            links,
            outbound,
            config,
            limits,
            canary,
            lines,
        })
    }

    /// The service with its canary's component in the place of its own.
    pub fn of_canary(&self, canary: &CanarySpec) -> Self {
        Self {
            component: canary.component.clone(),
            component_as_written: canary.component_as_written.clone(),
            digest: canary.digest,
            canary: None,
            ..self.clone()
        }
    }
}

fn read_links(table: &mut TomlTable<'_, '_>) -> Vec<Link> {
    let Some(links) = table.table("links") else {
        return Vec::new();
    };
    let mut parsed = Vec::new();
    for entry in links.entries() {
        let import = entry.key;
        let key = format!("\"{import}\"");
        let names_interface = import.split_once(':').is_some_and(|(namespace, rest)| {
            !namespace.is_empty()
                && rest.split_once('/').is_some_and(|(package, interface)| {
                    !package.is_empty() && !interface.is_empty()
                })
        });
        if !names_interface {
            let message = "is not an interface; \
                           write `namespace:package/interface`, such as \"strongroom:token/issuer\"";
            links.problem(entry.span, &key, message);
        }
        match entry.value.get_ref() {
            DeValue::String(service) => parsed.push(Link {
                import: import.to_owned(),
                service: service.to_string(),
                span: entry.value.span(),
            }),
            other => {
                let found = type_name(other);
                let message = format!("must be the name of a service in quotes, not {found}");
                links.problem(entry.value.span(), &key, message);
            }
        }
    }
    parsed
}

/// Values are strings, integers, booleans, or are [elsewhere](super::environment); a component sees
/// them as strings.
///
/// A variable that is not set leaves the key out, unless it has `required = true`.
fn read_config(table: &mut TomlTable<'_, '_>, folder: &Path) -> Vec<(String, String)> {
    let Some(mut config) = table.table("config") else {
        return Vec::new();
    };
    let mut parsed = Vec::new();
    for entry in config.entries() {
        let text = match entry.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(integer) => Some(integer.to_string()),
            DeValue::Boolean(boolean) => Some(boolean.to_string()),
            DeValue::Table(_) => config
                .table(entry.key)
                .and_then(|secret| read_secret(secret, folder, false)),
            other => {
                let message = format!(
                    "must be a string, an integer, a boolean, {SECRETS}, not {}",
                    type_name(other)
                );
                config.problem(entry.value.span(), entry.key, message);
                None
            }
        };
        parsed.extend(text.map(|text| (entry.key.to_owned(), text)));
    }
    parsed
}
