//! The `[services.<name>.canary]` table: a new version that gets a share of the requests first.

use super::component::{file_of, read_component};
use super::digest::Digest;
use super::table::TomlTable;
use http::{HeaderName, HeaderValue};
use std::path::{Path, PathBuf};

/// A canary, and when the host takes it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanarySpec {
    /// The component's file.
    pub component: PathBuf,
    /// The component's file as the registry writes it, for messages.
    pub component_as_written: String,
    /// The only digest that the host loads, if the operator pinned one.
    pub digest: Option<Digest>,
    /// The share of requests and link calls that it gets, in percent.
    pub weight: u8,
    /// Requests with this header field go to it.
    pub header: Option<(HeaderName, HeaderValue)>,
    /// By how many percentage points its error rate may be above that of the stable generation.
    pub error_margin: u64,
    /// By how many percent its 95th percentile of latency may be above the stable generation's.
    pub latency_margin: u64,
    /// How many requests both must have had before their latencies are compared.
    pub requests_min: u64,
}

const ERROR_MARGIN_DEFAULT: u64 = 1;
const LATENCY_MARGIN_DEFAULT: u64 = 100;
const REQUESTS_MIN_DEFAULT: u64 = 100;

impl CanarySpec {
    pub(super) fn read(mut table: TomlTable<'_, '_>, folder: &Path) -> Option<Self> {
        let component_as_written = read_component(&mut table);
        let digest = table.string("digest", Digest::parse);
        let weight = table.number("weight", 0..=100);
        let header = table.string("header", parse_header);
        let error_margin = table.number("error_margin", 0..=100);
        let latency_margin = table.number("latency_margin", 0..=100_000);
        let requests_min = table.number("min_requests", 1..=1_000_000_000);
        if table.get("header").is_none() {
            let if_missing = "gets no requests; give it a share, such as weight = 5 (percent), \
                              or a rule, such as header = \"x-canary: yes\"";
            table.require("weight", if_missing);
        }
        table.refuse_unknown();
        let component_as_written = component_as_written?;
        Some(Self {
            component: file_of(&component_as_written, folder),
            component_as_written,
            digest,
            weight: weight.unwrap_or(0),
            header,
            error_margin: error_margin.unwrap_or(ERROR_MARGIN_DEFAULT),
            latency_margin: latency_margin.unwrap_or(LATENCY_MARGIN_DEFAULT),
            requests_min: requests_min.unwrap_or(REQUESTS_MIN_DEFAULT),
        })
    }
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wanted = || {
        format!("`{text}` is not a header field; write name and value, such as \"x-canary: yes\"")
    };
    let (name, value) = text.split_once(':').ok_or_else(wanted)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wanted())?;
    let value = HeaderValue::from_str(value.trim()).map_err(|_| wanted())?;
    if value.is_empty() {
        return Err(wanted());
    }
    if name.as_str().contains('_') || name.as_str().starts_with("x-strongroom-") {
        return Err(format!(
            "`{name}` comes from no client: the gateway refuses names with `_`, and sets those \
             that begin with `x-strongroom-`; write another name"
        ));
    }
    Ok((name, value))
}
