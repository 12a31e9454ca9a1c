//! What a release has for Docker, Kubernetes, and systemd is what their own tools accept.

use std::path::PathBuf;

use strongroom_tests::tools::{output_of, program, run};
use strongroom_tests::workspace;

fn deployed(file: &str) -> PathBuf {
    workspace::root().join("deploy").join(file)
}

#[tokio::test]
async fn hadolint_finds_nothing_in_the_dockerfile() {
    let Some(mut hadolint) = program("hadolint") else {
        return;
    };
    hadolint.arg(deployed("Dockerfile"));
    assert_eq!(output_of(hadolint).await, "");
}

#[tokio::test]
async fn the_manifests_fit_the_schemas_of_kubernetes() {
    let Some(mut validate) = program("kubernetes-validate") else {
        return;
    };
    validate.arg("--strict");
    validate.arg(deployed("kubernetes/strongroom.yaml"));
    let (output, text) = run(validate).await;
    assert!(output.status.success(), "{text}");
    for kind in ["statefulset", "service", "networkpolicy"] {
        let passed = format!("passed for resource {kind}/strongroom");
        assert!(text.contains(&passed), "{kind} is not in:\n{text}");
    }
}

#[tokio::test]
async fn systemd_finds_the_unit_well_protected() {
    let Some(mut systemd) = program("systemd-analyze") else {
        return;
    };
    // In tenths: 2.0 of 10.
    systemd.args(["security", "--offline=true", "--threshold=20"]);
    systemd.arg(deployed("systemd/strongroom.service"));
    let (output, text) = run(systemd).await;
    assert!(output.status.success(), "{text}");
    // A setting that it does not know is no failure.
    assert!(!text.contains("ignoring"), "{text}");
}
