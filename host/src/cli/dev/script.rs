//! A script: requests to the services, one after the other, and a text that shows what they have
//! made. The host does not know what the requests mean.

use super::placeholder::{fill, fill_json};
use crate::builtin;
use crate::cli::host_client::{exchange, whole};
use crate::registry::variable;
use crate::regular_file::if_there;
use anyhow::{Context as _, ensure};
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::Full;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;

/// The largest script, in bytes.
const SCRIPT_BYTES_MAX: u64 = 1 << 20;
/// How long a service may take for one request.
const RESPONSE_TIME_MAX: Duration = Duration::from_secs(60);
/// The name under which placeholders find the variables of the script.
const ENVIRONMENT: &str = "env";

/// A script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Values of variables that the environment does not have.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    requests: Vec<ScriptRequest>,
    /// What the operator must know in the end.
    show: String,
}

/// A request; its texts have placeholders.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptRequest {
    /// The name of its answer for placeholders, if one needs it.
    name: Option<String>,
    call: Call,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
}

/// `POST /api/auth/login`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Call {
    method: Method,
    path: String,
}

impl TryFrom<String> for Call {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wanted = || format!("`{text}` is no call; write a method and a path: GET /api/auth/me");
        let (method, path) = text.split_once(' ').ok_or_else(wanted)?;
        let method = method.parse().map_err(|_| wanted())?;
        if !path.starts_with('/') {
            return Err(wanted());
        }
        Ok(Self {
            method,
            path: path.to_owned(),
        })
    }
}

impl Script {
    /// Reads a script, if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or is malformed.
    pub(super) fn load(file: &Path) -> anyhow::Result<Option<Self>> {
        let content = if_there(builtin::read(file, SCRIPT_BYTES_MAX));
        let Some(content) = content.with_context(|| file.display().to_string())? else {
            return Ok(None);
        };
        let script = String::from_utf8(content.into_owned())
            .map_err(anyhow::Error::from)
            .and_then(|text| Ok(toml::from_str(&text)?));
        script.with_context(|| file.display().to_string()).map(Some)
    }

    /// Values of variables that the environment does not have.
    pub(super) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Sends the requests to the gateway at `address`; returns the text to show.
    ///
    /// # Errors
    /// The first request that cannot be made, or that is refused.
    pub(super) async fn run(&self, address: &str) -> anyhow::Result<String> {
        let variables = self.environment.keys();
        let variables: Map<_, _> = variables
            .map(|name| (name.clone(), variable(name).into()))
            .collect();
        let mut answers = json!({ENVIRONMENT: variables});
        for request in &self.requests {
            let Call { method, path } = &request.call;
            let sent = request.send(address, &mut answers).await;
            sent.with_context(|| format!("{method} {path}"))?;
        }
        Ok(fill(&self.show, &answers)?)
    }
}

impl ScriptRequest {
    /// Sends the request, and adds its answer to `answers` if it has a name.
    async fn send(&self, address: &str, answers: &mut Value) -> anyhow::Result<()> {
        let request = self.request(address, answers)?;
        let exchange = async {
            let stream = TcpStream::connect(address).await?;
            whole(exchange(stream, request).await?).await
        };
        let (status, body) = tokio::time::timeout(RESPONSE_TIME_MAX, exchange).await??;
        let text = String::from_utf8_lossy(&body);
        ensure!(status.is_success(), "the response is {status}: {text}");
        if let Some(name) = &self.name {
            let answer = serde_json::from_slice(&body).context("the response is no JSON")?;
            answers[name.as_str()] = answer;
        }
        Ok(())
    }

    fn request(&self, address: &str, answers: &Value) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(&self.call.method)
            .uri(fill(&self.call.path, answers)?)
            .header(HOST, address);
        for (name, value) in &self.headers {
            request = request.header(name, fill(value, answers)?);
        }
        let body = match &self.body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                serde_json::to_vec(&fill_json(body, answers)?)?
            }
            None => Vec::new(),
        };
        Ok(request.body(Full::new(body.into()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    fn script(text: &str) -> anyhow::Result<Option<Script>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("demo.toml");
        std::fs::write(&file, text).unwrap();
        Script::load(&file)
    }

    #[test]
    fn a_missing_script_is_none_and_a_wrong_one_is_refused_with_its_line() {
        let missing = Script::load(Path::new("nowhere/demo.toml"));
        assert!(missing.unwrap().is_none());
        for (wrong, told) in rows! {
            ("", "missing field `show`"),
            ("show = ''\ncolour = 1", "line 2"),
            ("show = ''\n[[requests]]\ncall = 'login'", "GET /api/auth/me"),
            ("show = ''\n[[requests]]\ncall = 'GET api'", "line 3"),
            ("show = ''\n[[requests]]\ncall = 'GET /'\nx = 7", "line 4"),
        } {
            let error = format!("{:#}", script(wrong).unwrap_err());
            let is_told = error.contains("demo.toml") && error.contains(told);
            assert!(is_told, "{wrong}: {error}");
        }
    }

    #[tokio::test]
    async fn a_request_has_the_answers_of_earlier_ones_in_its_path_headers_and_body() {
        let text = r#"
            show = ""
            [[requests]]
            call = "PATCH /api/notes/${note.id}"
            headers = { authorization = "Bearer ${ann.token}" }
            body = { text = "by ${ann.name}", pages = 3 }
        "#;
        let script = script(text).unwrap().unwrap();
        let answers = json!({"ann": {"token": "t-1", "name": "Ann"}, "note": {"id": 7}});
        let request = script.requests[0].request("bank:8080", &answers).unwrap();
        assert_eq!(request.method(), "PATCH");
        assert_eq!(request.uri(), "/api/notes/7");
        assert_eq!(request.headers()["authorization"], "Bearer t-1");
        assert_eq!(request.headers()["host"], "bank:8080");
        assert_eq!(request.headers()["content-type"], "application/json");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, json!({"text": "by Ann", "pages": 3}));
    }

    /// A gateway that answers each request with the next of these.
    fn gateway(answers: [&'static str; 3]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                // The requests have no body, and their heads come in one piece.
                assert!(stream.read(&mut [0; 4_096]).unwrap() > 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn the_text_shows_what_the_answers_have_or_the_request_that_is_refused_is_named() {
        let address = gateway([
            "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"id\":\"a-1\"}",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\nnothing",
        ]);
        let good = script(
            r#"
                show = "${ann.id} of ${env.STRONGROOM_TEST_OF_SCRIPT}"
                environment = { STRONGROOM_TEST_OF_SCRIPT = "the bank" }
                requests = [{ name = "ann", call = "GET /" }, { call = "DELETE /${ann.id}" }]
            "#,
        );
        let good = good.unwrap().unwrap();
        crate::registry::set_defaults(good.environment().clone());
        assert_eq!(good.run(&address).await.unwrap(), "a-1 of the bank");
        let script = script("show = \"\"\nrequests = [{ call = \"GET /api/x\" }]");
        let error = script.unwrap().unwrap().run(&address).await.unwrap_err();
        let error = format!("{error:#}");
        assert_eq!(error, "GET /api/x: the response is 404 Not Found: nothing");
    }
}
