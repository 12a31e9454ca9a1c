//! `manifest.json`: what a backup consists of.

use super::restoration::now_ms;
use crate::regular_file;
use crate::wall_clock::rfc3339;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use uuid::Uuid;

pub const FILE_NAME: &str = "manifest.json";
/// The format that this version reads and writes.
const FORMAT: u32 = 1;
/// A larger file is no manifest.
const BYTES_MAX: u64 = 16 << 20;

/// What a backup consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    /// The version of the host that made it.
    strongroom: String,
    /// RFC 3339. What was acknowledged before is in the backup; some of what came later may be.
    pub taken_at: String,
    /// The id of the bank.
    pub bank: Uuid,
    /// The data folder of that host.
    pub data: PathBuf,
    /// The services that served, and the SHA-256 of their components.
    pub components: BTreeMap<String, String>,
    /// What services said of themselves when it was begun, by their names: such as how far the
    /// journal was.
    pub figures: BTreeMap<String, BTreeMap<String, i64>>,
    /// All other files, in the order in which they were copied.
    pub files: Vec<CopiedFile>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedFile {
    /// Relative to the data folder that is made of the backup. A store can have several logs of the
    /// same path, one after the other.
    pub path: PathBuf,
    /// Relative to the backup's folder; none where it is `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_as: Option<PathBuf>,
    /// The file may have grown since; the rest is no part of the backup.
    pub bytes: u64,
    /// Of these bytes, in lower-case hexadecimal.
    pub sha256: String,
}

impl CopiedFile {
    /// Relative to the backup's folder.
    pub fn stored(&self) -> &Path {
        self.stored_as.as_ref().unwrap_or(&self.path)
    }
}

/// The part of a manifest that says whether the rest can be read.
#[derive(Deserialize)]
struct Format {
    format: u32,
    strongroom: String,
}

impl Manifest {
    pub(super) fn new(
        bank: Uuid,
        data: PathBuf,
        components: BTreeMap<String, String>,
        figures: BTreeMap<String, BTreeMap<String, i64>>,
    ) -> Self {
        Self {
            format: FORMAT,
            strongroom: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at: rfc3339::format(now_ms()),
            bank,
            data,
            components,
            figures,
            files: Vec::new(),
        }
    }

    /// The manifest of the backup in a folder.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(FILE_NAME);
        let content = regular_file::read(&file, BYTES_MAX).map_err(|error| {
            anyhow::anyhow!(
                "{}: {error}; the folder has no backup, or one that is not whole",
                file.display()
            )
        })?;
        Self::parse(&content).map_err(|error| error.context(file.display().to_string()))
    }

    pub(super) fn parse(content: &[u8]) -> anyhow::Result<Self> {
        let read = |error: serde_json::Error| anyhow::anyhow!("it is no manifest: {error}");
        let Format { format, strongroom } = serde_json::from_slice(content).map_err(read)?;
        anyhow::ensure!(
            format == FORMAT,
            "the backup was made by strongroom {strongroom} in format {format}, and this is \
             strongroom {}, which reads format {FORMAT}; restore it with that version",
            env!("CARGO_PKG_VERSION")
        );
        let manifest: Self = serde_json::from_slice(content).map_err(read)?;
        for file in &manifest.files {
            for path in [Some(&file.path), file.stored_as.as_ref()]
                .into_iter()
                .flatten()
            {
                anyhow::ensure!(is_inside(path), "{} is no path of a backup", path.display());
            }
        }
        Ok(manifest)
    }

    pub(super) fn text(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The time of [`Self::taken_at`] in milliseconds since 1970 UTC.
    pub fn taken_at_ms(&self) -> Option<i64> {
        rfc3339::parse(&self.taken_at)
    }

    /// The bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Whether a path leads to a file of the folder to which it is relative.
pub(super) fn is_inside(path: &Path) -> bool {
    let mut parts = path.components();
    parts.clone().next().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest_of(path: &str, stored_as: Option<&str>) -> Manifest {
        let components = BTreeMap::from([("auth".to_owned(), "sha256:00".to_owned())]);
        let mut manifest = Manifest::new(Uuid::nil(), "/data".into(), components, BTreeMap::new());
        manifest.files.push(CopiedFile {
            path: path.into(),
            stored_as: stored_as.map(PathBuf::from),
            bytes: 4096,
            sha256: "00".to_owned(),
        });
        manifest
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_one_of_another_format_is_named() {
        let manifest = manifest_of("stores/auth.sqlite", None);
        let read = Manifest::parse(&manifest.text().unwrap()).unwrap();
        assert_eq!(read, manifest);
        let newer = br#"{"format":2,"strongroom":"9.8.7","planets":[]}"#;
        let error = Manifest::parse(newer).err().unwrap().to_string();
        assert!(error.contains("strongroom 9.8.7 in format 2"), "{error}");
    }

    #[test]
    fn a_path_that_leaves_the_folder_is_refused() {
        for path in ["/etc/cron.d/x", "../x", "stores/../../x", ""] {
            for manifest in [manifest_of(path, None), manifest_of("x", Some(path))] {
                let error = Manifest::parse(&manifest.text().unwrap()).err();
                let error = error.unwrap().to_string();
                assert!(error.contains("is no path of a backup"), "{path}: {error}");
            }
        }
    }
}
