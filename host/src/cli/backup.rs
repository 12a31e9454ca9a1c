//! `strongroom backup`.

use super::host_client::{HostTarget, whole};
use super::print_error;
use super::progress::Progress;
use crate::admin::BACKUP_BYTES;
use crate::backup::{self, Manifest, NewFolder};
use crate::registry::parse_duration;
use anyhow::Context as _;
use futures::StreamExt as _;
use http::StatusCode;
use http_body_util::BodyExt as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio_util::io::{StreamReader, SyncIoBridge};

/// How long the host may send nothing, before the backup has failed.
const PART_TIME_MAX: Duration = Duration::from_secs(60);
/// How many backups `--every` keeps by default.
const KEPT_DEFAULT: usize = 24;

#[derive(Debug, clap::Args)]
pub(super) struct BackupArguments {
    /// The folder to make; with --every, the folder of backups, each named by its time
    folder: PathBuf,
    /// Make one now, and another each interval, such as 1h, until the process is ended
    #[arg(long, value_name = "INTERVAL", value_parser = parse_interval)]
    every: Option<Duration>,
    /// How many backups to keep; older ones are removed [default: 24]
    #[arg(
        long,
        value_name = "N",
        requires = "every",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    keep: Option<u32>,
    #[command(flatten)]
    target: HostTarget,
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if interval < Duration::from_secs(1) {
        return Err("must be at least 1s".to_owned());
    }
    Ok(interval)
}

pub(super) async fn run(arguments: BackupArguments) -> anyhow::Result<ExitCode> {
    let BackupArguments {
        folder,
        every,
        keep,
        target,
    } = arguments;
    let Some(interval) = every else {
        back_up(&target, &folder).await?;
        return Ok(ExitCode::SUCCESS);
    };
    let kept = keep.map_or(KEPT_DEFAULT, |keep| {
        usize::try_from(keep).unwrap_or(usize::MAX)
    });
    loop {
        let begun = Instant::now();
        let folder_of_now = folder.join(backup::name_of_now());
        let made = back_up(&target, &folder_of_now).await;
        let kept = made.and_then(|made| remove_old(&folder, &folder_of_now, &made, kept));
        if let Err(error) = kept {
            // The next one may succeed: the host may be restarting, and a disk may be emptied.
            print_error(&error);
        }
        tokio::time::sleep(interval.saturating_sub(begun.elapsed())).await;
    }
}

/// Makes one backup of the running host.
async fn back_up(target: &HostTarget, folder: &Path) -> anyhow::Result<Manifest> {
    let client = target.client()?;
    let new = NewFolder::begin(folder)?;
    let response = client.post_to_read("/backup").await?;
    if response.status() != StatusCode::OK {
        let (status, reason) = whole(response).await?;
        let reason = String::from_utf8_lossy(&reason);
        anyhow::bail!("the host responded {status}: {}", reason.trim());
    }
    let bytes = response.headers().get(BACKUP_BYTES);
    let bytes = bytes.and_then(|value| value.to_str().ok()?.parse().ok());
    let mut progress = Progress::new("backup", bytes.unwrap_or_default());
    let parts = response.into_body().into_data_stream();
    let parts = futures::stream::unfold(parts, async |mut parts| {
        let part = match tokio::time::timeout(PART_TIME_MAX, parts.next()).await {
            Ok(part) => part?.map_err(io::Error::other),
            Err(_) => Err(io::Error::other("the host sends nothing more")),
        };
        Some((part, parts))
    });
    let stream = StreamReader::new(Box::pin(parts));
    let unpacked = tokio::task::spawn_blocking(move || {
        let body = SyncIoBridge::new(stream);
        let manifest = backup::unpack(body, new.path(), &mut |bytes| progress.add(bytes))?;
        new.finish(backup::MANIFEST)?;
        anyhow::Ok(manifest)
    });
    let manifest = unpacked.await.context("the backup did not end")??;
    print_made(folder, &manifest);
    Ok(manifest)
}

fn print_made(folder: &Path, manifest: &Manifest) {
    println!(
        "{}: {} files, {} bytes, as of {}",
        folder.display(),
        manifest.files.len(),
        manifest.bytes(),
        manifest.taken_at
    );
}

/// Removes all but the latest backups of the bank that was just backed up, and what killed
/// processes have left. Their names sort by time.
fn remove_old(folder: &Path, latest: &Path, made: &Manifest, kept: usize) -> anyhow::Result<()> {
    let read = |error: io::Error| anyhow::anyhow!("{}: {error}", folder.display());
    let mut earlier = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        // Whatever else is in the folder is not ours to remove, such as what another bank makes.
        if !backup::is_name(&path) || path == latest || backup::is_being_made(&path) {
            continue;
        }
        if path.join(backup::PARTIAL).exists() {
            remove(&path)?;
        } else if Manifest::of_folder(&path).is_ok_and(|other| other.bank == made.bank) {
            earlier.push(path);
        }
    }
    earlier.sort();
    let old = earlier.len().saturating_sub(kept - 1);
    earlier[..old].iter().try_for_each(|path| remove(path))
}

fn remove(backup: &Path) -> anyhow::Result<()> {
    std::fs::remove_dir_all(backup).with_context(|| backup.display().to_string())
}
