//! Reads files that an operator names. A name may lead to anything: a pipe without a writer, a
//! device without an end, a folder.

use rustix::fs::OFlags;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Opens a regular file, or the one to which a symbolic link leads.
///
/// # Errors
/// The system's, or that it is no regular file.
pub fn open(file: &Path) -> io::Result<(File, Metadata)> {
    // Checked before it is opened: to open some devices is to act on them.
    regular(&std::fs::metadata(file)?)?;
    // It may have been replaced since. Without NONBLOCK the call would wait for a pipe; a regular
    // file ignores the flag.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
        .open(file)?;
    let metadata = opened.metadata()?;
    regular(&metadata)?;
    Ok((opened, metadata))
}

/// Reads a regular file of at most `bytes_max`.
///
/// # Errors
/// Those of [`open`], or that it is larger.
pub fn read(file: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let (opened, _) = open(file)?;
    read_opened(opened, bytes_max)
}

/// Reads a file that [`open`] has opened.
///
/// # Errors
/// The system's, or that it is larger.
pub fn read_opened(opened: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // One byte more, since a file can grow while it is read.
    opened
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|bytes| bytes > bytes_max) {
        let problem = format!("it is larger than {} KiB", bytes_max >> 10);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(content)
}

/// What was asked of a file, or none where there is no such file.
///
/// # Errors
/// Every other error.
pub fn if_there<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else {
        let problem = "it is no regular file";
        Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_pipe_a_device_a_folder_and_a_file_of_one_byte_too_many_are_refused_and_a_link_followed() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let link = folder.path().join("link");
        symlink("/dev/zero", &link).unwrap();
        for file in [&pipe, &link, folder.path(), Path::new("/dev/zero")] {
            let error = read(file, 1024).unwrap_err();
            assert!(error.to_string().contains("no regular file"), "{error}");
        }

        let [file, link] = ["file", "good"].map(|name| folder.path().join(name));
        std::fs::write(&file, [7; 1025]).unwrap();
        symlink("file", &link).unwrap();
        let error = read(&file, 1024).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 1 KiB");
        assert_eq!(read(&link, 1025).unwrap(), [7; 1025]);
    }
}
