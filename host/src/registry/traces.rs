//! The `host.traces` table: where traces of requests are sent.

use super::table::TomlTable;
use crate::network_address::NetworkAddress;

/// How many of a hundred requests are traced if the registry does not say.
const SAMPLE_DEFAULT: u8 = 10;

/// The `host.traces` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracesSpec {
    /// The collector, which speaks OTLP over plain HTTP.
    pub endpoint: NetworkAddress,
    /// How many of a hundred requests are traced.
    pub sample: u8,
}

impl TracesSpec {
    pub(super) fn read(mut table: TomlTable<'_, '_>) -> Option<Self> {
        table.require(
            "endpoint",
            "is missing; name a collector, such as \"http://127.0.0.1:4318\"",
        );
        let endpoint = table.string("endpoint", parse_endpoint);
        let sample = table.number("sample", 1..=100);
        table.refuse_unknown();
        Some(Self {
            endpoint: endpoint?,
            sample: sample.unwrap_or(SAMPLE_DEFAULT),
        })
    }
}

/// Where a collector is, without the path that OTLP gives it.
fn parse_endpoint(text: &str) -> Result<NetworkAddress, String> {
    let address = text.strip_prefix("http://");
    let address = address.map(|address| address.strip_suffix('/').unwrap_or(address));
    address
        .and_then(|address| address.parse().ok())
        .ok_or_else(|| {
            format!(
                "`{text}` is not a collector of OTLP over plain HTTP; \
                 write scheme, host, and port, such as \"http://127.0.0.1:4318\""
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_scheme_host_and_port() {
        for text in ["http://127.0.0.1:4318", "http://collector:4318/"] {
            assert!(parse_endpoint(text).is_ok(), "{text}");
        }
        for wrong in rows! {
            "127.0.0.1:4318", "https://collector:4318", "http://collector",
            "http://collector:4318/v1/traces",
        } {
            let problem = parse_endpoint(wrong).unwrap_err();
            assert!(problem.contains("http://127.0.0.1:4318"), "{problem}");
        }
    }
}
