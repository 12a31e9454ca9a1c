//! Requests, and what came back.

use std::future::{Future, IntoFuture};
use std::net::Ipv4Addr;
use std::pin::Pin;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use crate::document;

/// No answer of the bank takes longer, even on a loaded machine.
const ANSWER_SECONDS_MAX: u64 = 60;

/// A client of one listener, with or without an access token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// A client without a token. It belongs to the runtime (the test) that makes it.
    pub fn new(url: &str) -> Self {
        Self::from(Ipv4Addr::LOCALHOST, url)
    }

    /// The same, with connections from this address of the loopback.
    pub fn from(source: Ipv4Addr, url: &str) -> Self {
        let http = reqwest::Client::builder()
            .local_address(std::net::IpAddr::from(source))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(ANSWER_SECONDS_MAX))
            .build()
            .expect("a client without TLS needs nothing");
        Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            token: None,
        }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    pub fn without_token(&self) -> Self {
        Self {
            token: None,
            ..self.clone()
        }
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().expect("the client has a token")
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// `GET path`; the body of its 200.
    pub async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text());
        answer.expect(200)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    /// `POST /api/transactions/{call}`, under a new idempotency key.
    pub fn submit(&self, call: &str, body: &Value) -> Call {
        let path = format!("/api/transactions/{call}");
        self.post(&path).key(&crate::bank::new_key()).json(body)
    }

    pub fn patch(&self, path: &str) -> Call {
        self.call("PATCH", path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        Call(request)
    }
}

/// A request under construction.
#[derive(Debug)]
#[must_use = "awaiting it sends it"]
pub struct Call(reqwest::RequestBuilder);

impl Call {
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header(CONTENT_TYPE, content_type).body(body))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Waits this long for the answer.
    pub fn within(self, seconds: u64) -> Self {
        let time_max = std::time::Duration::from_secs(seconds);
        Self(self.0.timeout(time_max))
    }

    /// Sends it; returns once the head of the answer is there. The caller reads its body.
    pub async fn open(self) -> reqwest::Response {
        self.0.send().await.expect("the host answers")
    }

    /// Sends it. The answer of a [watched](document::watch) host must be one of its document. There
    /// is none where the connection was refused or broke.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let (http, request) = self.0.build_split();
        let request = request?;
        let (method, url) = (request.method().clone(), request.url().clone());
        let response = http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        let answer = Answer {
            status,
            headers,
            body,
        };
        if let Some(document) = document::watched(&url.origin().ascii_serialization())
            && let Some(difference) = document.difference(method.as_str(), url.path(), &answer)
        {
            let (path, text) = (url.path(), answer.text());
            panic!("{method} {path}: unlike the document: {difference}, in {status} {text}");
        }
        Ok(answer)
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    /// Sends it; panics if there is no complete answer.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.try_send().await.expect("the host answers") })
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, if it is there once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} is there more than once");
        Some(value.to_str().expect("a header of text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Asserts the status and a request id, and returns the JSON body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        let body = self.json(status);
        self.request_id();
        body
    }

    /// Asserts the status, and returns the JSON body; the admin listener gives no request ids.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        self.json_of(status, &["application/json", "application/jwk-set+json"])
    }

    #[track_caller]
    pub(crate) fn json_of(&self, status: u16, media_types: &[&str]) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let content_type = self.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default();
        let is_of_type = media_types.contains(&media_type);
        assert!(is_of_type, "content-type: {content_type}");
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    #[track_caller]
    pub(crate) fn request_id(&self) -> &str {
        let id = self.header("x-request-id").unwrap_or_default();
        assert!(!id.is_empty(), "no x-request-id");
        id
    }

    /// Asserts 204 and an empty body.
    #[track_caller]
    pub fn expect_no_content(&self) {
        assert_eq!(self.status, 204, "{}", self.text());
        assert!(self.body.is_empty(), "a 204 with a body");
    }

    /// The body as a kept answer has it each time: a problem without the id of its own request.
    pub fn kept_body(&self) -> String {
        let request_id = self.header("x-request-id").unwrap_or_default();
        let member = format!(",\"request_id\":\"{request_id}\"");
        self.text().replacen(&member, "", 1)
    }

    /// Was this answer stored under its idempotency key before?
    pub fn replayed(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }
}
