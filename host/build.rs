//! Unpacks the viewer of `/docs`, as its crate has it, for `include_bytes!`.

use std::fs::File;
use std::io::{Cursor, copy};
use std::path::PathBuf;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// The files that the page loads.
const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("Cargo names the folder"));
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
