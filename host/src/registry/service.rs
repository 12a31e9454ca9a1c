//! One `[services.<name>]` table.

use super::canary::CanarySpec;
use super::component::read_component;
use super::digest::Digest;
use super::environment::read_environment;
use super::limits::Limits;
use super::origin::Origin;
use super::problem::Collector;
use super::public::RoutePattern;
use super::route_rate::RouteRate;
use super::table::{TomlTable, type_name};
use http::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// A service as the registry describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Its name, which is also its place: `/api/<name>`.
    pub name: String,
    /// The component's file.
    pub component: PathBuf,
    /// The component's file as the registry writes it, for people.
    pub component_as_written: String,
    /// The only digest that may be loaded, if the operator pinned one.
    pub digest: Option<Digest>,
    /// What may be called without a token.
    pub public: Vec<RoutePattern>,
    /// How often one client may call which routes.
    pub rates: Vec<RouteRate>,
    /// The host interfaces beyond the ordinary that the component may import.
    pub grants: BTreeSet<Grant>,
    /// The imports that other services satisfy.
    pub links: Vec<Link>,
    /// Where the component may send HTTP requests.
    pub outbound: Vec<Origin>,
    /// What `wasi:config/store` answers.
    pub config: Vec<(String, String)>,
    /// Its bounds.
    pub limits: Limits,
    /// A version that is tried out beside it.
    pub canary: Option<CanarySpec>,
    /// Where its table and the keys in it stand in the registry, for messages.
    lines: KeyLines,
}

/// The lines of a table's keys, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct KeyLines {
    table: usize,
    keys: BTreeMap<String, usize>,
}

/// A host interface that is given by name only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// `strongroom:keys/signer`
    Signer,
    /// `strongroom:keys/revocations`
    Revocations,
}

impl Grant {
    /// The word in the registry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signer => "signer",
            Self::Revocations => "revocations",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "signer" => Ok(Self::Signer),
            "revocations" => Ok(Self::Revocations),
            other => Err(format!(
                "`{other}` is not a grant; known: signer, revocations"
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
    /// The line of a key of its table, or of the table if the key is not there.
    pub fn line_of(&self, key: &str) -> usize {
        *self.lines.keys.get(key).unwrap_or(&self.lines.table)
    }

    /// Whether a request needs no token. `path` is the part behind `/api/<service>`.
    pub fn is_public(&self, method: &Method, path: &str) -> bool {
        self.public.iter().any(|route| route.matches(method, path))
    }

    /// Whether nothing of it needs a token.
    pub fn is_public_as_a_whole(&self) -> bool {
        self.public.iter().any(RoutePattern::is_everything)
    }

    pub(super) fn read(
        name: &str,
        table: &mut TomlTable<'_, '_>,
        folder: &Path,
        problems: &mut Collector<'_>,
    ) -> Option<Self> {
        let component = read_component(table, problems);
        let digest = table.string(problems, "digest", Digest::parse);
        let public = table.strings(problems, "public", RoutePattern::parse);
        let rates = table.strings(problems, "rates", RouteRate::parse);
        let grants = table
            .strings(problems, "grants", Grant::parse)
            .into_iter()
            .collect();
        let links = read_links(table, problems);
        let outbound = table.strings(problems, "outbound", Origin::parse);
        let config = read_config(table, problems);
        let limits = match table.table(problems, "limits") {
            Some(mut limits) => Limits::read(&mut limits, problems),
            None => Limits::default(),
        };
        let canary = table
            .table(problems, "canary")
            .and_then(|mut canary| CanarySpec::read(&mut canary, folder, problems));
        table.refuse_unknown(problems);
        let lines = KeyLines {
            table: problems.line_of(table.span().start),
            keys: table
                .entries()
                .map(|(key, span, _)| (key.to_owned(), problems.line_of(span.start)))
                .collect(),
        };
        let component_as_written = component?;
        Some(Self {
            name: name.to_owned(),
            component: folder.join(&component_as_written),
            component_as_written,
            digest,
            public,
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

fn read_links(table: &mut TomlTable<'_, '_>, problems: &mut Collector<'_>) -> Vec<Link> {
    let Some(links) = table.table(problems, "links") else {
        return Vec::new();
    };
    let mut parsed = Vec::new();
    for (import, span, value) in links.entries() {
        let path = format!("{}.\"{import}\"", links.path_of("").trim_end_matches('.'));
        let names_interface = import.split_once(':').is_some_and(|(namespace, rest)| {
            !namespace.is_empty()
                && rest.split_once('/').is_some_and(|(package, interface)| {
                    !package.is_empty() && !interface.is_empty()
                })
        });
        if !names_interface {
            let message = "is not an interface; write `namespace:package/interface`, such as \"strongroom:token/issuer\"";
            problems.add(span.clone(), &path, message);
        }
        match value.get_ref() {
            DeValue::String(service) => parsed.push(Link {
                import: import.to_owned(),
                service: service.to_string(),
                span: value.span(),
            }),
            other => {
                let message = format!(
                    "must be the name of a service in quotes, not {}",
                    type_name(other)
                );
                problems.add(value.span(), &path, message);
            }
        }
    }
    parsed
}

/// Values are strings, numbers, booleans, or `{ env = "NAME" }`; a component sees them as strings.
///
/// A variable that is not set leaves the key out, unless it says `required = true`.
fn read_config(
    table: &mut TomlTable<'_, '_>,
    problems: &mut Collector<'_>,
) -> Vec<(String, String)> {
    let Some(config) = table.table(problems, "config") else {
        return Vec::new();
    };
    let mut parsed = Vec::new();
    for (key, _, value) in config.entries() {
        let path = config.path_of(key);
        let text = match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(integer) => Some(integer.to_string()),
            DeValue::Boolean(boolean) => Some(boolean.to_string()),
            DeValue::Table(entries) => {
                let mut secret = TomlTable::new(entries, value.span(), &path);
                read_environment(&mut secret, false, problems)
            }
            other => {
                let message = format!(
                    "must be a string, an integer, a boolean, or {{ env = \"NAME\" }}, not {}",
                    type_name(other)
                );
                problems.add(value.span(), &path, message);
                None
            }
        };
        if let Some(text) = text {
            parsed.push((key.to_owned(), text));
        }
    }
    parsed
}
