//! Makes what a release has beside the binary, or inside it.
//!
//!     strongroom-dist manual FOLDER       manual pages
//!     strongroom-dist completions FOLDER  completions of shells
//!     strongroom-dist compile FOLDER      compiled code of the folder's components, beside them

use anyhow::{Context as _, bail};
use clap_complete::{Shell, generate_to};
use std::env::args;
use std::path::Path;
use strongroom::release;

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = args().skip(1).collect();
    let [what, folder] = arguments.as_slice() else {
        bail!("the arguments are missing: see the head of dist/src/main.rs");
    };
    let folder = Path::new(folder);
    match what.as_str() {
        "manual" => clap_mangen::generate_to(release::command(), folder)?,
        "completions" => write_completions(folder)?,
        "compile" => compile(folder)?,
        other => bail!("{other} is not known: see the head of dist/src/main.rs"),
    }
    Ok(())
}

fn write_completions(folder: &Path) -> anyhow::Result<()> {
    for shell in SHELLS {
        generate_to(shell, &mut release::command(), "strongroom", folder)?;
    }
    Ok(())
}

fn compile(folder: &Path) -> anyhow::Result<()> {
    for entry in folder.read_dir()? {
        let component = entry?.path();
        if component.extension().is_some_and(|suffix| suffix == "wasm") {
            release::compile(&component, folder)
                .with_context(|| component.display().to_string())?;
        }
    }
    Ok(())
}
