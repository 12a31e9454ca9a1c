//! The names of backups in a folder of several: their times.

use super::restoration::now_ms;
use crate::wall_clock::rfc3339;
use std::path::Path;

/// The name of a backup that is made now, such as `2026-11-27T22-10-00Z`.
pub fn name_of_now() -> String {
    let seconds = now_ms().div_euclid(1_000);
    rfc3339::format(seconds * 1_000).replace(':', "-")
}

/// Whether a file's name is that of a backup. Their order is that of their times.
pub fn is_name(path: &Path) -> bool {
    const PATTERN: &[u8] = b"dddd-dd-ddTdd-dd-ddZ";
    let name = path.file_name().map(|name| name.as_encoded_bytes());
    name.is_some_and(|name| {
        name.len() == PATTERN.len()
            && name
                .iter()
                .zip(PATTERN)
                .all(|(byte, pattern)| match pattern {
                    b'd' => byte.is_ascii_digit(),
                    other => byte == other,
                })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_backup_is_its_time() {
        assert!(is_name(Path::new(&name_of_now())), "{}", name_of_now());
        assert!(!is_name(Path::new("2026-11-27")));
    }
}
