//! The bank's own TLS.

use super::*;
use crate::edge::tools::aim;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use strongroom_tests::tools::{output_of, program, python, run};
use strongroom_tests::wait_for;
use tokio::process::Command;

/// Within which a changed certificate is served.
const RELOAD_SECONDS_MAX: u64 = 30;

/// Writes a self-signed certificate and its key by openssl, in one step each.
async fn make_certificate(mut openssl: Command, folder: &Path, name: &str) {
    openssl
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", &format!("/CN={name}"), "-addext"])
        .arg("subjectAltName=DNS:localhost,IP:127.0.0.1")
        .args(["-keyout", "key.new", "-out", "cert.new"])
        .current_dir(folder)
        .stderr(Stdio::null());
    output_of(openssl).await;
    for (new, file) in [("key.new", "key.pem"), ("cert.new", "cert.pem")] {
        fs::rename(folder.join(new), folder.join(file)).expect("a file can be replaced");
    }
}

/// A host that speaks TLS, if its certificate can be made.
pub async fn target() -> Option<Host> {
    let files = [("cert", "cert.pem"), ("key", "key.pem")];
    let files = files.map(|(key, file)| (key.to_owned(), file.into()));
    let registry = Registry::empty()
        .service("hello", Service::guest("hello").public())
        .host("tls", toml::Table::from_iter(files));
    let mut host = Host::prepared(&registry, None);
    make_certificate(program("openssl")?, host.folder(), "first").await;
    host.serve().await;
    Some(host)
}

/// The attacker's findings: whether all holds, and the digest of the certificate; and all it says.
async fn look(mut attack: Command, host: &Host) -> (bool, String, String) {
    aim(&mut attack, host);
    let (output, text) = run(attack).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let digest = said.lines().last().unwrap_or_default().to_owned();
    (output.status.success(), digest, text)
}

#[tokio::test]
async fn tls_is_spoken_as_it_should_be_and_nothing_old_or_weak() {
    let (Some(attack), Some(mut scan)) = (python("attacks/tls.py"), program("sslscan")) else {
        return;
    };
    let Some(host) = target().await else {
        return;
    };
    let (holds, _, text) = look(attack, &host).await;
    assert!(holds, "{text}");

    let (_, port) = host.address().rsplit_once(':').expect("a port");
    scan.args(["--no-colour", "--xml=-", &format!("127.0.0.1:{port}")]);
    let (_, text) = run(scan).await;
    let report = &text[text.find("<?xml").expect("a report")..];
    let end = report.rfind("</document>").expect("a whole report") + "</document>".len();
    let document = roxmltree::Document::parse(&report[..end]).expect("XML");
    let nodes = |name: &'static str| {
        let nodes = document.descendants();
        nodes.filter(move |node| node.has_tag_name(name))
    };
    for protocol in nodes("protocol") {
        let version = protocol.attribute("version").unwrap_or_default();
        let is_new = ["1.2", "1.3"].contains(&version);
        let enabled = protocol.attribute("enabled") == Some("1");
        assert_eq!(enabled, is_new, "{version}");
    }
    for (weakness, attribute) in [("heartbleed", "vulnerable"), ("compression", "supported")] {
        for node in nodes(weakness) {
            assert_eq!(node.attribute(attribute), Some("0"), "{weakness}");
        }
    }
    for cipher in nodes("cipher") {
        let name = cipher.attribute("cipher").unwrap_or_default();
        let is_forward = name.starts_with("TLS_") || name.starts_with("ECDHE-");
        let is_authenticated = name.contains("GCM") || name.contains("POLY1305");
        assert!(is_forward && is_authenticated, "{name}");
    }
    assert!(nodes("cipher").count() >= 4, "it was spoken to");
}

#[tokio::test]
async fn a_certificate_that_changes_is_served_without_a_restart_and_a_wrong_one_is_not() {
    let Some(host) = target().await else {
        return;
    };
    let (Some(openssl), Some(mut in_2020)) = (program("openssl"), program("faketime")) else {
        return;
    };
    in_2020.args(["2020-01-01 00:00:00", "openssl"]);
    let digest = async || {
        let attack = python("attacks/tls.py")?;
        let (_, digest, _) = look(attack, &host).await;
        Some(digest)
    };
    let Some(first) = digest().await else {
        return;
    };
    make_certificate(openssl, host.folder(), "second").await;
    let second = wait_for("the new certificate", RELOAD_SECONDS_MAX, async || {
        let now = digest().await?;
        (now != first).then_some(now)
    })
    .await;
    let is_said = async |problem: &str| {
        let is_logged = async || host.log().contains(problem);
        wait_until(problem, RELOAD_SECONDS_MAX, is_logged).await;
    };
    make_certificate(in_2020, host.folder(), "expired").await;
    is_said("has expired at 2020-01-03T00:00:00Z").await;
    fs::write(host.folder().join("cert.pem"), "no certificate").expect("a file can be written");
    is_said("cert.pem: holds no certificate").await;
    assert_eq!(digest().await, Some(second), "the last good one goes on");
}
