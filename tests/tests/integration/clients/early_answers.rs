//! Answers that come before the body of their request has.

use std::io::Write as _;

use crate::edge::tls::target;
use strongroom_tests::Bank;
use strongroom_tests::tools::{java, node, output_of, program, python, run};
use tempfile::NamedTempFile;
use tokio::process::Command;

const NEXT: &str = "/.well-known/jwks.json";

/// Runs a script with the bank's URL, and asserts that it finds nothing wrong.
async fn finds_nothing(client: Option<Command>) {
    let Some(mut client) = client else { return };
    client.arg(format!("http://{}", Bank::shared().await.address()));
    output_of(client).await;
}

#[tokio::test]
async fn clients_of_python_node_and_java_see_an_early_answer_and_go_on() {
    finds_nothing(python("clients/early_answers.py")).await;
    finds_nothing(node("clients/early_answers.js")).await;
    finds_nothing(java("clients/EarlyAnswers.java")).await;
}

/// Paths, each with the status of the refusal by the head alone.
const REFUSALS: [(&str, &str); 4] = rows! {
    ("/api/accounts", "401"), ("/api/nowhere", "404"), (NEXT, "405"), ("/api/auth/login", "413"),
};

/// A file of more than a service takes.
fn large_file() -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(&vec![b'x'; 8 << 20]).expect("room");
    file
}

/// Asserts what curl sees on one connection: a refusal of a request with a large body, then 200.
async fn curl_goes_on(how: &[&str], base: &str, (path, status): (&str, &str), next: &str) {
    let Some(mut curl) = program("curl") else {
        return;
    };
    let file = large_file();
    let each = "--silent --insecure --max-time 10 --output /dev/null --write-out".split(' ');
    curl.args(each.clone())
        .arg("%{http_version} %{http_code} ")
        .args(how)
        .args(["--data-binary", &format!("@{}", file.path().display())])
        .arg(format!("{base}{path}"))
        .arg("--next")
        .args(each)
        .arg("%{http_code} %{num_connects}")
        .arg(format!("{base}{next}"));
    let (_, text) = run(curl).await;
    let seen: Vec<_> = text.split_whitespace().collect();
    let [version, first, second, connects] = seen[..] else {
        panic!("{path} {how:?}: {text}")
    };
    assert_eq!([first, second], [status, "200"], "{path} {how:?}: {text}");
    // Over HTTP/1 the answer may end the connection.
    assert!(version != "2" || connects == "0", "{path}: {text}");
}

#[tokio::test]
async fn curl_sees_an_early_answer_and_goes_on() {
    let bank = Bank::shared().await;
    let base = format!("http://{}", bank.address());
    for refusal in REFUSALS {
        for manner in ["expect: 100-continue", "expect:"] {
            curl_goes_on(&["--header", manner], &base, refusal, NEXT).await;
        }
    }
}

/// Over TLS: curl 7.88 cannot use a connection of HTTP/2 twice without it, whatever server it is.
#[tokio::test]
async fn curl_sees_an_early_answer_over_http2_and_goes_on() {
    let Some(host) = target().await else {
        return;
    };
    let (_, port) = host.address().rsplit_once(':').expect("a port");
    let base = format!("https://127.0.0.1:{port}");
    for refusal in [("/api/nowhere", "404"), ("/api/hello", "413")] {
        let how = ["--http2", "--header", "expect:"];
        curl_goes_on(&how, &base, refusal, "/api/hello").await;
    }
}

#[tokio::test]
async fn wget_sees_an_early_answer_and_goes_on() {
    let bank = Bank::shared().await;
    let file = large_file();
    for (path, status) in REFUSALS {
        let Some(mut wget) = program("wget") else {
            return;
        };
        let url = format!("http://{}{path}", bank.address());
        let post = format!("--post-file={}", file.path().display());
        wget.args(["--tries=1", "--timeout=10", "--server-response"])
            .args(["--output-document=/dev/null", &post, &url, &url]);
        let (_, text) = run(wget).await;
        let answers = text.matches(&format!("HTTP/1.1 {status}")).count();
        assert_eq!(answers, 2, "{path}: {text}");
    }
}
