//! `registry.toml`: parsed once, at the edge, into types that cannot be wrong.
//!
//! All mistakes of the file are reported together, each with its line, its key, and what to do
//! ([`RegistryProblems`]).

mod admin;
mod canary;
mod component;
mod difference;
mod digest;
mod environment;
mod host;
mod key_lines;
mod limits;
mod network;
mod origin;
mod problem;
mod route_pattern;
mod route_rate;
mod route_scope;
mod service;
mod services;
mod table;
mod traces;
mod units;

pub use admin::{AdminAddress, AdminToken};
pub use canary::CanarySpec;
pub use digest::Digest;
pub use environment::{set_defaults, variable};
pub use host::{BackupSpec, HostSpec, TlsSpec};
pub use limits::{INSTANCES_MAX, Limits, MEMORY_MAX, TABLE_ELEMENTS_MAX};
pub use network::Network;
pub use origin::Origin;
pub use problem::{RegistryProblem, RegistryProblems};
pub use route_rate::{RateBy, RouteRate};
pub use service::{Grant, Link, ServiceSpec};
pub use traces::TracesSpec;
pub use units::{Rate, parse_duration};

use crate::builtin;
use problem::Collector;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use table::TomlTable;
use toml::de::DeTable;

/// A whole registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// The file that it was read from.
    pub file: PathBuf,
    /// The host's own settings.
    pub host: HostSpec,
    /// The services, callees before their callers.
    pub services: Vec<ServiceSpec>,
}

/// The largest registry, in bytes.
pub const REGISTRY_BYTES_MAX: u64 = 1 << 20;

impl Registry {
    /// Reads and parses a registry file.
    ///
    /// # Errors
    /// All problems of the file, or the one that the host cannot read it.
    pub fn load(file: &Path) -> Result<Self, RegistryProblems> {
        Self::of_file(file, builtin::read(file, REGISTRY_BYTES_MAX))
    }

    /// Parses the content of a registry file.
    ///
    /// # Errors
    /// Those of [`Registry::load`].
    pub fn of_file(
        file: &Path,
        content: io::Result<Cow<'static, [u8]>>,
    ) -> Result<Self, RegistryProblems> {
        match Self::recover(file, content)? {
            (registry, problems) if problems.is_empty() => Ok(registry),
            (_, problems) => Err(RegistryProblems(problems)),
        }
    }

    /// Reads a registry file. Returns what it can understand, and the problems, so that a check can
    /// go on with the services.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn load_recoverable(file: &Path) -> Result<(Self, Vec<RegistryProblem>), RegistryProblems> {
        Self::recover(file, builtin::read(file, REGISTRY_BYTES_MAX))
    }

    fn recover(
        file: &Path,
        content: io::Result<Cow<'static, [u8]>>,
    ) -> Result<(Self, Vec<RegistryProblem>), RegistryProblems> {
        let unreadable = |error: String| {
            RegistryProblems(vec![RegistryProblem {
                file: file.to_owned(),
                line: 1,
                key: String::new(),
                message: format!("cannot be read: {error}"),
            }])
        };
        let content = content
            .map_err(|error| unreadable(format!("{error}; name a registry by `--registry`")))?;
        let text = String::from_utf8(content.into_owned())
            .map_err(|error| unreadable(format!("{error}; save it as UTF-8")))?;
        Ok(Self::parse(file, &text))
    }

    /// Parses the text of a registry, in which paths are relative to the folder of `file`. Returns
    /// what it can understand, and all problems in the order of their lines.
    pub fn parse(file: &Path, text: &str) -> (Self, Vec<RegistryProblem>) {
        let problems = Collector::new(file, text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let message = format!("is not valid TOML: {}", error.message());
            problems.add(error.span().unwrap_or(0..0), "", message);
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        let (entries, span) = (document.get_ref(), document.span());
        let mut root = TomlTable::new(entries, span, String::new(), &problems);
        let host = HostSpec::read(&mut root, folder);
        let services = services::read(&mut root, folder);
        root.refuse_unknown();
        let registry = Self {
            file: file.to_owned(),
            host,
            services,
        };
        (registry, problems.finish())
    }

    /// The registry's file, and every component's that it names, without those inside the binary.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.file.clone()];
        for spec in &self.services {
            files.push(spec.component.clone());
            files.extend(spec.canary.as_ref().map(|canary| canary.component.clone()));
        }
        files.retain(|file| !builtin::is_builtin(file));
        files
    }

    /// The scopes that calls of its services need.
    pub fn scopes(&self) -> BTreeSet<String> {
        self.services.iter().flat_map(ServiceSpec::scopes).collect()
    }

    /// The service with this name.
    pub fn service(&self, name: &str) -> Option<&ServiceSpec> {
        self.services.iter().find(|service| service.name == name)
    }
}

#[cfg(test)]
mod tests;
