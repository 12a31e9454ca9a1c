//! What differs between two tables of a service, in words for operators. Values of `config` may be
//! secrets, and are never among them.

use super::limits::Limits;
use super::service::ServiceSpec;
use std::collections::{BTreeMap, BTreeSet};

impl ServiceSpec {
    /// What differs in `new`, such as `limits.timeout: 10s -> 5s`. The content of the component and
    /// the canary are not compared.
    pub fn differences(&self, new: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.component != new.component {
            let (old, new) = (&self.component_as_written, &new.component_as_written);
            found.push(arrow("component", old, new));
        }
        if self.digest != new.digest {
            let text = |spec: &Self| spec.digest.map_or("none".to_owned(), |pin| pin.to_string());
            found.push(arrow("digest", &text(self), &text(new)));
        }
        if self.public != new.public {
            found.push("public".to_owned());
        }
        if self.route_scopes != new.route_scopes {
            found.push("scopes".to_owned());
        }
        if self.rates != new.rates {
            found.push("rates".to_owned());
        }
        if self.grants != new.grants {
            let text = |spec: &Self| {
                let names: Vec<_> = spec.grants.iter().map(|grant| grant.name()).collect();
                format!("[{}]", names.join(", "))
            };
            found.push(arrow("grants", &text(self), &text(new)));
        }
        if self.outbound != new.outbound {
            let text = |spec: &Self| {
                let origins: Vec<_> = spec.outbound.iter().map(ToString::to_string).collect();
                format!("[{}]", origins.join(", "))
            };
            found.push(arrow("outbound", &text(self), &text(new)));
        }
        found.extend(entries("links", &links(self), &links(new)));
        found.extend(config(self, new));
        found.extend(entries(
            "limits",
            &limits(&self.limits),
            &limits(&new.limits),
        ));
        found
    }
}

fn arrow(key: &str, old: &str, new: &str) -> String {
    format!("{key}: {old} -> {new}")
}

fn links(spec: &ServiceSpec) -> BTreeMap<String, String> {
    spec.links
        .iter()
        .map(|link| (format!("\"{}\"", link.import), link.service.clone()))
        .collect()
}

/// The keys of `config` whose values differ, without the values.
fn config(old: &ServiceSpec, new: &ServiceSpec) -> Vec<String> {
    let old: BTreeMap<_, _> = old.config.iter().cloned().collect();
    let new: BTreeMap<_, _> = new.config.iter().cloned().collect();
    let keys = differing(&old, &new).into_iter();
    keys.map(|key| format!("config.{key}")).collect()
}

fn entries(
    table: &str,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Vec<String> {
    let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "none".to_owned());
    let entry = |key: &String| {
        let key_in_table = format!("{table}.{key}");
        arrow(&key_in_table, &text(old.get(key)), &text(new.get(key)))
    };
    differing(old, new).into_iter().map(entry).collect()
}

/// The keys whose values differ.
fn differing<'m>(
    old: &'m BTreeMap<String, String>,
    new: &'m BTreeMap<String, String>,
) -> BTreeSet<&'m String> {
    let keys = old.keys().chain(new.keys());
    keys.filter(|key| old.get(*key) != new.get(*key)).collect()
}

fn limits(limits: &Limits) -> BTreeMap<String, String> {
    let bytes = |bytes: u64| format!("{bytes} bytes");
    let time = |time: std::time::Duration| format!("{time:?}");
    let mut all = vec![
        ("memory", bytes(limits.memory)),
        ("table_elements", limits.table_elements.to_string()),
        ("handles", limits.handles.to_string()),
        ("hostcall", bytes(limits.hostcall)),
        ("log_lines", limits.log_lines.to_string()),
        ("timeout", time(limits.timeout)),
        ("cpu", time(limits.cpu)),
        ("instances", limits.instances.to_string()),
        ("queue", limits.queue.to_string()),
        ("reuse", limits.reuse.to_string()),
        ("idle", time(limits.idle)),
        ("request_body", bytes(limits.request_body)),
        ("response_body", bytes(limits.response_body)),
        ("store", bytes(limits.store)),
        ("write_turn", time(limits.write_turn)),
        ("read", time(limits.read)),
        ("start", time(limits.start)),
    ];
    if let Some(slow_answers) = limits.slow_answers {
        all.push(("slow_answers", slow_answers.to_string()));
    }
    if let Some(rate) = limits.rate {
        all.push(("rate", format!("{}/{:?}", rate.count, rate.period)));
    }
    all.into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::registry::ServiceSpec;

    fn differences(old: &str, new: &str) -> Vec<String> {
        ServiceSpec::of_table(old).differences(&ServiceSpec::of_table(new))
    }

    const OLD: &str =
        "component = \"x.wasm\"\nconfig = { key = \"secret\" }\nlimits = { timeout = \"10s\" }";

    #[test]
    fn every_difference_is_named_without_secrets_and_a_place_in_the_file_is_none() {
        assert!(differences(OLD, &format!("\n\n{OLD}")).is_empty());
        let new = r#"
            component = "y.wasm"
            public = ["POST /login"]
            grants = ["signer"]
            links = { "a:b/c" = "callee" }
            scopes = { "GET /journal" = "journal:read" }
            config = { key = "other" }
            limits = { timeout = "5s", rate = "5/s" }
        "#;
        let expected = rows! {
            "component: x.wasm -> y.wasm", "public", "scopes", "grants: [] -> [signer]",
            "links.\"a:b/c\": none -> callee", "config.key", "limits.rate: none -> 5/1s",
            "limits.timeout: 10s -> 5s",
        };
        assert_eq!(differences(OLD, new), expected);
    }
}
