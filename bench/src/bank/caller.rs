//! A caller of the bank's API outside of any measurement.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::load::client::Client;
use crate::load::server::Server;

/// A connection, and the session of its user, if it has one.
pub struct Caller {
    client: Client,
    host: HeaderValue,
    pub authorization: Option<HeaderValue>,
    pub user_id: String,
}

impl Caller {
    /// Connects without a session.
    pub async fn connect(server: &Server) -> Result<Self> {
        Ok(Self {
            client: Client::connect(server).await?,
            host: server.host()?,
            authorization: None,
            user_id: String::new(),
        })
    }

    pub async fn log_in(server: &Server, email: &str, password: &str) -> Result<Self> {
        let mut caller = Self::connect(server).await?;
        let login = json!({"email": email, "password": password});
        let session = caller.post("/api/auth/login", &login).await?;
        let token = text(&session["auth"]["access_token"])?;
        caller.authorization = Some(bearer(token)?);
        caller.user_id = text(&session["user"]["id"])?.to_owned();
        Ok(caller)
    }

    /// Posts a document with a new idempotency key, and returns the response's document. Every
    /// status but success is an error.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let request = Request::post(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", Uuid::new_v4().to_string())
            .body(Full::from(body.to_string()))?;
        self.ask(request).await
    }

    /// Reads a document. Every status but success is an error.
    pub async fn get(&mut self, path: &str) -> Result<Value> {
        let request = Request::get(path).header(HOST, &self.host);
        self.ask(request.body(Full::default())?).await
    }

    async fn ask(&mut self, mut request: Request<Full<Bytes>>) -> Result<Value> {
        if let Some(authorization) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let what = format!("{} {}", request.method(), request.uri());
        let answer = self.client.ask(request).await?;
        if !answer.status().is_success() {
            let body = String::from_utf8_lossy(answer.body());
            bail!("{what}: {}: {body}", answer.status());
        }
        serde_json::from_slice(answer.body()).context(what)
    }
}

/// The `authorization` header of a token or key.
pub fn bearer(token: &str) -> Result<HeaderValue> {
    let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))?;
    authorization.set_sensitive(true);
    Ok(authorization)
}

pub fn text(value: &Value) -> Result<&str> {
    let text = value.as_str();
    text.with_context(|| format!("{value} is not a string"))
}
