//! Makes what the binary has inside: the viewer of `/docs`, and the files of a release.

use std::fs::{self, File};
use std::io::{Cursor, copy};
use std::path::{Path, PathBuf};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// The files that the page loads.
const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];
/// The variable that names the folder of the files that go into the binary; `./build.sh dist` sets
/// it. The components are built beside the host, so an ordinary build has none of them.
const BUILTIN: &str = "STRONGROOM_BUILTIN";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={BUILTIN}");
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("Cargo names the folder"));
    unpack_viewer(&folder);
    let list = match std::env::var_os(BUILTIN) {
        Some(files) => list_of(Path::new(&files)),
        None => "&[]".to_owned(),
    };
    fs::write(folder.join("builtin.rs"), list).expect("the folder is writable");
}

/// Unpacks the viewer, as its crate has it, for `include_bytes!`.
fn unpack_viewer(folder: &Path) {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED)).expect("an archive");
    for name in FILES {
        let end = format!("/dist/{name}");
        let path = archive
            .file_names()
            .filter_map(Result::ok)
            .find(|path| path.ends_with(&end) && !path.contains("/flavors/"))
            .unwrap_or_else(|| panic!("{name} is not in the archive"))
            .into_owned();
        let mut packed = archive.by_name(&path).expect("it was listed");
        let mut file = File::create(folder.join(name)).expect("the folder is writable");
        copy(&mut packed, &mut file).expect("it can be unpacked");
    }
}

/// The names and contents of the files in a folder, as an expression of Rust.
fn list_of(folder: &Path) -> String {
    println!("cargo:rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    let mut list = String::from("&[");
    for file in files {
        let name = file.file_name().expect("it was listed");
        list += &format!("({name:?}, include_bytes!({file:?})),");
    }
    list + "]"
}
