//! Compiled components, kept on disk so that a second start compiles nothing.
//!
//! A file of the cache is named by a hash of the engine (its full version and all settings that the code depends on) and by the
//! SHA-256 of the component. The engine's own check compares less: only its major version.

use crate::durable_file::{create_folder, replace};
use crate::registry::Digest;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use wasmtime::component::Component;
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result};

/// The SHA-256 of a component's bytes.
pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The cache in a folder.
pub(super) struct CompiledCache {
    folder: PathBuf,
    engine_hash: String,
}

impl CompiledCache {
    /// Makes the folder so that nobody else may enter it: code from it is run without a check.
    pub(super) fn open(folder: &Path, engine: &Engine) -> std::io::Result<Self> {
        create_folder(folder)?;
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let mut engine_hash = String::new();
        for byte in &hasher.0.finalize()[..16] {
            // Writing to a string cannot fail.
            let _ = write!(engine_hash, "{byte:02x}");
        }
        Ok(Self {
            folder: folder.to_owned(),
            engine_hash,
        })
    }

    /// The component of these bytes, compiled now if it never was.
    pub(super) fn component(
        &self,
        engine: &Engine,
        bytes: &[u8],
        digest: Digest,
    ) -> Result<Component> {
        let name = digest.to_string().replace(':', "-");
        let file = self
            .folder
            .join(format!("{name}-{}.cwasm", self.engine_hash));
        if file.exists() {
            match load(engine, &file) {
                Ok(component) => return Ok(component),
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "compiled code cannot be used; it is compiled anew")
                }
            }
        }
        tracing::info!(%digest, "compiling a component; the next start will not need to");
        let started = std::time::Instant::now();
        let compiled = engine.precompile_component(bytes)?;
        replace(&file, &compiled)
            .with_context(|| format!("{}: compiled code cannot be kept", file.display()))?;
        tracing::info!(%digest, milliseconds = started.elapsed().as_millis(), "compiled");
        load(engine, &file)
    }
}

#[expect(unsafe_code, reason = "loading compiled code trusts the file")]
fn load(engine: &Engine, file: &Path) -> Result<Component> {
    // SAFETY: the file was written by this program (or one of the same engine, by its name) whole or not at all, into the
    // operator's folder for it, and nobody writes to it in place.
    let component = unsafe { Component::deserialize_file(engine, file)? };
    component.initialize_copy_on_write_image()?;
    Ok(component)
}

/// Feeds what is hashed into SHA-256: the standard library's hasher differs between its versions.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
