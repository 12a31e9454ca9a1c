//! Components' files beside the registry, which tests replace.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::workspace;

pub fn guest_bytes(guest: &str) -> Vec<u8> {
    fs::read(workspace::guest(guest)).expect("the guest can be read")
}

/// Puts bytes in the place of a file of the folder whole, by a rename.
pub fn replace(folder: &Path, file: &str, bytes: &[u8]) {
    let new = folder.join(format!("{file}.new"));
    fs::write(&new, bytes).expect("a file can be written");
    fs::rename(&new, folder.join(file)).expect("a file can be replaced");
}

pub fn of_file(service: Service, file: &str) -> Service {
    service.set("component", file)
}

/// A host whose service `changing` has a copy of this guest beside the registry.
pub async fn host_with_file(registry: &Registry, guest: &str) -> (Host, PathBuf) {
    let registry = registry
        .clone()
        .change("changing", |service| of_file(service, "changing.wasm"));
    let mut host = Host::prepared(&registry, None);
    let file = host.folder().join("changing.wasm");
    fs::write(&file, guest_bytes(guest)).expect("a file can be written");
    host.serve().await;
    (host, file)
}

/// `sha256:` and the digest in hex, as the registry pins it.
pub fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}
