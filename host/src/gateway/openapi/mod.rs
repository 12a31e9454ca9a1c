//! `/api/openapi.json`, the document of all calls, and `/docs`, which shows it to people.
//!
//! Each generation has the document of its service (`strongroom:service/openapi`). [`merge`] makes
//! one of those that serve, with what only the gateway knows: the paths, who needs a token, and its
//! own errors ([`refusals`]). The page is Swagger UI, from this binary; it loads nothing else.

mod merge;
mod refusals;
mod viewer;

use super::limits::only_reads;
use super::problem::GatewayError;
use super::response_body::ResponseBody;
use crate::runtime::{RoutingTable, Services};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use merge::{Part, merge};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Weak};

#[cfg(test)]
pub(super) use refusals::REFUSALS;

/// Where the document is.
const DOCUMENT_PATH: &str = "/api/openapi.json";
/// The page loads scripts and styles of the gateway alone, shows images that are in them, and calls
/// the bank.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// A swap changes the document, and a new version of the bank the page: a client asks whether what
/// it has is still right.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// What is at one of these paths.
pub(super) enum DocsPage {
    Document,
    OfViewer(&'static File),
}

/// A text that does not change.
pub(super) struct File {
    content_type: HeaderValue,
    bytes: Bytes,
    etag: HeaderValue,
}

/// The latest document.
#[derive(Default)]
pub(super) struct Documents {
    latest: Mutex<Option<LatestDocument>>,
}

struct LatestDocument {
    /// Whose document it is. It must not keep generations that do not serve any more.
    table: Weak<RoutingTable>,
    file: Arc<File>,
}

impl DocsPage {
    /// What is at a path, if it is one of the gateway's.
    pub(super) fn at(path: &str) -> Option<Self> {
        if path == DOCUMENT_PATH {
            return Some(Self::Document);
        }
        viewer::file(path).map(Self::OfViewer)
    }
}

impl File {
    fn new(content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let digest = Sha256::digest(&bytes);
        let hex = hex::encode(&digest[..16]);
        Self {
            content_type: HeaderValue::from_static(content_type),
            bytes,
            // Hexadecimal digits and quotes are a header's value.
            etag: HeaderValue::try_from(format!("\"{hex}\"")).unwrap_or(REVALIDATE),
        }
    }
}

impl Documents {
    /// Responds with a page.
    ///
    /// # Errors
    /// The method is neither GET nor HEAD.
    pub(super) fn respond(
        &self,
        page: &DocsPage,
        head: &Parts,
        services: &Services,
    ) -> Result<Response<ResponseBody>, GatewayError> {
        only_reads(&head.method)?;
        let mut response = match page {
            DocsPage::Document => respond_with(&self.latest(services), &head.headers),
            DocsPage::OfViewer(file) => respond_with(file, &head.headers),
        };
        if let DocsPage::OfViewer(_) = page {
            response
                .headers_mut()
                .insert(CONTENT_SECURITY_POLICY, POLICY);
        }
        Ok(response)
    }

    /// The document of the generations that serve now.
    fn latest(&self, services: &Services) -> Arc<File> {
        let table = services.routing_table().clone();
        let mut latest = self.latest.lock();
        match &*latest {
            Some(latest) if std::ptr::eq(latest.table.as_ptr(), Arc::as_ptr(&table)) => {
                Arc::clone(&latest.file)
            }
            _ => {
                let file = Arc::new(File::new("application/json", document_of(&table)));
                *latest = Some(LatestDocument {
                    table: Arc::downgrade(&table),
                    file: Arc::clone(&file),
                });
                file
            }
        }
    }
}

fn document_of(table: &RoutingTable) -> String {
    let stable = table.routes().filter_map(|route| route.stable.as_deref());
    let parts = stable.filter_map(|generation| {
        Some(Part {
            spec: &generation.spec,
            document: generation.openapi()?,
        })
    });
    merge(parts).to_string()
}

fn respond_with(file: &File, headers: &HeaderMap) -> Response<ResponseBody> {
    let mut response = Response::default();
    if is_known(&file.etag, headers) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = file.bytes.clone().into();
        let content_type = file.content_type.clone();
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    let headers = response.headers_mut();
    headers.insert(ETAG, file.etag.clone());
    headers.insert(CACHE_CONTROL, REVALIDATE);
    response
}

/// Whether the client has this version (RFC 9110 section 13.1.2).
fn is_known(etag: &HeaderValue, headers: &HeaderMap) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let mut known = known.flat_map(|tags| tags.as_bytes().split(|byte| *byte == b','));
    known.any(|tag| {
        let tag = tag.trim_ascii();
        tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_the_version_gets_no_body() {
        let file = File::new("application/json", "{}");
        let status = |tags: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::try_from(tags).unwrap());
            respond_with(&file, &headers).status().as_u16()
        };
        let etag = file.etag.to_str().unwrap();
        assert_eq!(status(etag), 304);
        assert_eq!(status(&format!("\"other\", W/{etag}")), 304);
        assert_eq!(status("*"), 304);
        assert_eq!(status("\"other\""), 200);
        assert_eq!(respond_with(&file, &HeaderMap::new()).status(), 200);
        assert_ne!(etag, File::new("application/json", "[]").etag);
    }

    #[test]
    fn the_pages_are_at_their_paths_alone_and_load_nothing_of_other_hosts() {
        let document = "/api/openapi.json";
        for path in [document, "/docs", "/docs/start.js", "/docs/swagger-ui.css"] {
            assert!(DocsPage::at(path).is_some(), "{path}");
            assert!(DocsPage::at(&format!("{path}/")).is_none(), "{path}/");
        }
        for path in ["/", "/docs/other", "/api/openapi"] {
            assert!(DocsPage::at(path).is_none(), "{path}");
        }
        let Some(DocsPage::OfViewer(page)) = DocsPage::at("/docs") else {
            panic!("there is a page");
        };
        let page = String::from_utf8_lossy(&page.bytes);
        assert!(!page.contains("://"), "{page}");
        let texts = page.split('"').filter(|text| text.starts_with("/docs/"));
        assert_eq!(texts.filter(|path| DocsPage::at(path).is_some()).count(), 3);
    }
}
