//! A component's file as it was read. Every check looks at these bytes.
//!
//! A registry can name any file that the host can read, and the response to a plan shows the
//! result. So what is said of a file that is no component has neither a byte of it nor its digest.

use crate::builtin;
use crate::registry::Digest;
use crate::runtime::problem::LoadProblem;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::path::Path;

/// The largest component, in bytes: a Python interpreter with its library has some 40 MiB.
pub const COMPONENT_BYTES_MAX: u64 = 64 << 20;
/// How each component begins: the magic number of WebAssembly, the version, and the layer of
/// components.
const PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// The bytes of a component's file, and their SHA-256.
pub struct ComponentFile {
    pub bytes: Cow<'static, [u8]>,
    digest: Digest,
}

impl ComponentFile {
    /// Reads a file, or one inside the binary. Blocks, on a hung mount without an end.
    ///
    /// # Errors
    /// It cannot be read, is no regular file, is too large, or is no component.
    pub fn read(file: &Path) -> Result<Self, LoadProblem> {
        let bytes = builtin::read(file, COMPONENT_BYTES_MAX)
            .map_err(|error| LoadProblem::unreadable(file, error))?;
        if !bytes.starts_with(&PREAMBLE) {
            let file = file.to_owned();
            return Err(LoadProblem::NotAComponent { file });
        }
        let digest = Digest(Sha256::digest(&bytes).into());
        Ok(Self { bytes, digest })
    }

    /// The SHA-256 of its bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<ComponentFile, LoadProblem> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.wasm");
        std::fs::write(&file, content).unwrap();
        ComponentFile::read(&file)
    }

    #[test]
    fn of_a_file_that_is_no_component_nothing_is_told() {
        let told = |content: &[u8]| {
            let problem = read(content).err().unwrap().to_string();
            let (_file, told) = problem.split_once("file.wasm").unwrap();
            told.to_owned()
        };
        let secret = told(b"root:$6$salt$hash");
        assert!(secret.contains("not a WebAssembly component"), "{secret}");
        for other in [&b""[..], b"\0as", b"\0asm\x01\0\0\0", &PREAMBLE[..7]] {
            assert_eq!(told(other), secret);
        }
    }

    #[test]
    fn a_components_digest_is_that_of_its_bytes() {
        let empty = wat::parse_str("(component)").unwrap();
        let file = read(&empty).unwrap();
        assert_eq!(*file.bytes, *empty);
        assert_eq!(file.digest(), Digest(Sha256::digest(&empty).into()));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("large.wasm");
        let sparse = std::fs::File::create(&file).unwrap();
        sparse.set_len(1 << 40).unwrap();
        let problem = ComponentFile::read(&file).err().unwrap().to_string();
        assert!(problem.contains("larger than 65536 KiB"), "{problem}");
    }
}
