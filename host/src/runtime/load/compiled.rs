//! Compiled components, kept on disk so that a second start compiles nothing.
//!
//! The name of a file in the cache has the SHA-256 of the component and a hash of the engine: its
//! full version and all settings that the code depends on. The engine's own check compares only its
//! major version. A file ends with the SHA-256 of the code before it, which the engine passes over.
//!
//! A release has the code of its own components inside, under such names too.

use super::compiler::{self, CompileError};
use super::component_file::ComponentFile;
use super::engine::Engines;
use crate::builtin;
use crate::durable_file::{create_folder, replace};
use crate::private_file::{self, Guard};
use crate::registry::Digest;
use crate::telemetry::microseconds;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// How the names of the cache's files end.
const SUFFIX: &str = "cwasm";
/// How the names end of files that a process which was killed has left half written.
const UNFINISHED_SUFFIX: &str = "new";
/// How long code is kept that no service runs: an operator may go back to it.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Compiles a component for every machine of a release. The code gets a file in `folder`, with the
/// name under which the binary looks for it inside.
///
/// # Errors
/// The file is no component, or the code cannot be kept.
pub fn compile_for_release(component: &Path, folder: &Path) -> anyhow::Result<()> {
    let file = ComponentFile::read(component)?;
    let cache = CompiledCache::open(folder)?;
    let compile = |engine: &Engine| {
        let code = engine.precompile_component(&file.bytes);
        code.map_err(|error| CompileError::Refused(format!("{error:#}")))
    };
    cache.compile(&Engines::of_release()?, file.digest(), compile)?;
    Ok(())
}

/// The cache in a folder.
pub struct CompiledCache {
    folder: PathBuf,
    /// What the code inside the binary was compiled with, if there is any.
    release: Option<Engines>,
}

impl CompiledCache {
    /// Opens the folder, or makes one that only this user may enter, as the host runs code from it
    /// without a check. An existing folder must be as safe.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        create_folder(folder)
            .and_then(|()| check_safe(folder))
            .map_err(|error| {
                anyhow::anyhow!(
                    "{}: the folder for compiled code (`cache`) cannot be used: {error}",
                    folder.display()
                )
            })?;
        let release = builtin::has_bank().then(Engines::of_release).transpose()?;
        Ok(Self {
            folder: folder.to_owned(),
            release,
        })
    }

    /// The component of a file, compiled now if it never was.
    ///
    /// # Errors
    /// The file is no component for the engines, or takes too much to compile.
    pub fn component(&self, engines: &Engines, file: &ComponentFile) -> Result<Component> {
        let digest = file.digest();
        let mut both = [&engines.sequential, &engines.concurrent].into_iter();
        let found = both.find_map(|engine| {
            self.find(engine, digest)
                .filter(|component| engines.suit(component))
        });
        if let Some(component) = found.or_else(|| self.find_builtin(engines, digest)) {
            return Ok(component);
        }
        tracing::info!(%digest, "compiling a component; the next start will not need to");
        let started = Instant::now();
        let component = self.compile(engines, digest, |engine| {
            compiler::compile(&file.bytes, engines.is_concurrent(engine))
        })?;
        let milliseconds = microseconds(started.elapsed()) / 1_000;
        tracing::info!(%digest, milliseconds, "compiled");
        Ok(component)
    }

    /// Removes the code of components that have not been among those `in_use` for [`KEPT`].
    ///
    /// # Errors
    /// The file system's.
    pub fn remove_unused(&self, in_use: &[Digest]) -> io::Result<()> {
        let now = SystemTime::now();
        let in_use: Vec<_> = in_use.iter().copied().map(prefix).collect();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let has_suffix = |suffix| path.extension().is_some_and(|found| found == suffix);
            if !has_suffix(SUFFIX) && !has_suffix(UNFINISHED_SUFFIX) {
                continue;
            }
            let name = name.to_string_lossy();
            if has_suffix(SUFFIX) && in_use.iter().any(|prefix| name.starts_with(prefix)) {
                // From now on it counts how long it has not been in use.
                File::open(&path)?.set_modified(now)?;
                continue;
            }
            let age = now.duration_since(entry.metadata()?.modified()?);
            if age.is_ok_and(|age| age > KEPT) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn compile(
        &self,
        engines: &Engines,
        digest: Digest,
        compile: impl Fn(&Engine) -> Result<Vec<u8>, CompileError>,
    ) -> Result<Component> {
        // Most components of WASI 0.3 are refused here, before any code is compiled.
        match compile(&engines.sequential) {
            Ok(code) => {
                let component = self.keep(&engines.sequential, digest, &code)?;
                if engines.suit(&component) {
                    return Ok(component);
                }
            }
            Err(CompileError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let code = compile(&engines.concurrent)?;
        self.keep(&engines.concurrent, digest, &code)
    }

    fn find_builtin(&self, engines: &Engines, digest: Digest) -> Option<Component> {
        let release = self.release.as_ref()?;
        [
            (&release.sequential, &engines.sequential),
            (&release.concurrent, &engines.concurrent),
        ]
        .into_iter()
        .find_map(|(compiled_with, engine)| {
            let code = builtin::content(&file_name(compiled_with, digest))?;
            load_own(engine, code)
                .inspect_err(|error| {
                    tracing::warn!(%digest, %error, "compiled code inside the binary cannot be used");
                })
                .ok()
        })
    }

    fn find(&self, engine: &Engine, digest: Digest) -> Option<Component> {
        let file = self.file(engine, digest);
        if !file.exists() {
            return None;
        }
        load(engine, &file)
            .inspect_err(|error| {
                tracing::warn!(file = %file.display(), %error, "compiled code cannot be used; it is compiled again");
            })
            .ok()
    }

    /// Keeps compiled code for the next start. On a full disk the component runs all the same.
    fn keep(&self, engine: &Engine, digest: Digest, code: &[u8]) -> Result<Component> {
        let file = self.file(engine, digest);
        let sealed = [code, &Sha256::digest(code)].concat();
        if let Err(error) = replace(&file, &sealed) {
            tracing::warn!(file = %file.display(), %error, "compiled code cannot be kept");
            return load_own(engine, code);
        }
        load(engine, &file)
    }

    fn file(&self, engine: &Engine, digest: Digest) -> PathBuf {
        self.folder.join(file_name(engine, digest))
    }
}

fn file_name(engine: &Engine, digest: Digest) -> String {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let engine = hex::encode(&hasher.0.finalize()[..16]);
    format!("{}{engine}.{SUFFIX}", prefix(digest))
}

/// How the names of all files of a component begin.
fn prefix(digest: Digest) -> String {
    format!("{}-", digest.to_string().replace(':', "-"))
}

/// Checks that a folder of compiled code can be used: a user who can write here can have the host
/// run code of their own.
///
/// # Errors
/// What is wrong, and what to do.
pub fn check_safe(folder: &Path) -> io::Result<()> {
    private_file::check(folder, &std::fs::metadata(folder)?, Guard::Writing)?;
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_none_or(|suffix| suffix != SUFFIX) {
            continue;
        }
        // A link is not followed: the folder behind it was not checked.
        let metadata = std::fs::symlink_metadata(&file)?;
        private_file::check(&file, &metadata, Guard::Writing).map_err(|error| {
            let problem = format!(
                "{}: {error}; or remove it, and it is compiled anew",
                file.display()
            );
            io::Error::new(error.kind(), problem)
        })?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "loading compiled code trusts the file")]
fn load(engine: &Engine, file: &Path) -> Result<Component> {
    // The engine does not look for bits that a disk has lost.
    let content = std::fs::read(file)?;
    let sealed = content.split_last_chunk::<32>();
    let is_whole = sealed.is_some_and(|(code, seal)| seal[..] == Sha256::digest(code)[..]);
    wasmtime::ensure!(is_whole, "it is not as it was written");
    // SAFETY: this program wrote the file whole or not at all, with an engine that the file's name
    // has a hash of, into the operator's folder for it. No program writes to it in place.
    let component = unsafe { Component::deserialize_file(engine, file)? };
    component.initialize_copy_on_write_image()?;
    Ok(component)
}

#[expect(unsafe_code, reason = "loading compiled code trusts the binary")]
fn load_own(engine: &Engine, code: &[u8]) -> Result<Component> {
    // SAFETY: this engine has compiled the code just now; or the code is a part of this program,
    // and the build made it with this source, and an engine that its name has a hash of.
    let component = unsafe { Component::deserialize(engine, code)? };
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn refusal(folder: &Path) -> Option<String> {
        check_safe(folder).err().map(|error| error.to_string())
    }

    #[test]
    fn a_folder_or_file_that_others_may_write_to_is_refused_and_so_is_a_link() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("cache");
        create_folder(&folder).unwrap();
        let file = folder.join("a.cwasm");
        replace(&file, b"code").unwrap();
        assert_eq!(refusal(&folder), None);
        for (path, own, mode) in rows! {
            (&folder, 0o700, 0o777), (&folder, 0o700, 0o770), (&folder, 0o700, 0o702),
            (&file, 0o600, 0o666),
        } {
            set_permissions(path, Permissions::from_mode(mode)).unwrap();
            let problem = refusal(&folder).unwrap();
            let remedy = format!("`chmod {own:o} {}`", path.display());
            assert!(problem.contains(&remedy), "{mode:o}: {problem}");
            set_permissions(path, Permissions::from_mode(own)).unwrap();
        }
        symlink("/elsewhere", folder.join("b.cwasm")).unwrap();
        let problem = refusal(&folder).unwrap();
        assert!(problem.contains("b.cwasm"), "{problem}");
    }

    #[test]
    fn code_that_is_not_as_it_was_written_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CompiledCache::open(folder.path()).unwrap();
        let engines = Engines::of_release().unwrap();
        let (engine, digest) = (&engines.sequential, Digest([1; 32]));
        let component = wat::parse_str("(component)").unwrap();
        let code = engine.precompile_component(&component).unwrap();
        cache.keep(engine, digest, &code).unwrap();
        assert!(cache.find(engine, digest).is_some());
        let file = cache.file(engine, digest);
        let written = std::fs::read(&file).unwrap();
        for changed in [0, written.len() / 2, written.len() - 1] {
            let mut content = written.clone();
            content[changed] ^= 1;
            std::fs::write(&file, content).unwrap();
            assert!(cache.find(engine, digest).is_none(), "byte {changed}");
        }
    }

    #[test]
    fn code_that_no_service_has_run_for_long_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CompiledCache::open(folder.path()).unwrap();
        let digests = [1, 2, 3].map(|byte| Digest([byte; 32]));
        let code = |digest| format!("{}engine.cwasm", prefix(digest));
        let [used, late, past] = digests.map(code);
        let files = [&*used, &*late, &*past, "past.7-1.new", "notes"];
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        let old = SystemTime::now() - 2 * KEPT;
        for name in files {
            file(name).set_modified(old).unwrap();
        }
        file(&late);
        cache.remove_unused(&digests[..1]).unwrap();
        let left = files.map(|name| folder.path().join(name).exists());
        assert_eq!(left, [true, true, false, false, true]);
        // Its time begins when it is in use no longer.
        cache.remove_unused(&[]).unwrap();
        assert!(folder.path().join(used).exists());
    }
}
