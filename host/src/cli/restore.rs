//! `strongroom restore`.

use super::RegistryArgument;
use super::progress::Progress;
use super::verify::{is_sound_where_it_is, print_verified};
use crate::backup::{self, Manifest, NewFolder};
use crate::registry::Registry;
use crate::runtime::{self, Figure, Loader};
use crate::wall_clock::TimeSource;
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// The folder of the backup
    backup: PathBuf,
    /// The data folder to make; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    registry: RegistryArgument,
}

pub(super) async fn run(arguments: RestoreArguments) -> anyhow::Result<ExitCode> {
    let Some(registry) = arguments.registry.load() else {
        return Ok(ExitCode::FAILURE);
    };
    restore(&arguments.backup, &arguments.data, registry).await?;
    Ok(ExitCode::SUCCESS)
}

async fn restore(backup: &Path, data: &Path, mut registry: Registry) -> anyhow::Result<()> {
    let manifest = Manifest::of_folder(backup)?;
    let new = NewFolder::begin(data)?;
    let mut progress = Progress::new("restore", manifest.bytes());
    let (from, whole) = (backup.to_owned(), manifest.clone());
    let copied = tokio::task::spawn_blocking(move || {
        backup::restore(&from, &whole, new.path(), &mut |bytes| progress.add(bytes))?;
        anyhow::Ok(new)
    });
    let new = copied.await.context("the copy did not end")??;
    registry.host.set_data(Some(new.path().to_owned()));
    let loader = Loader::new(&registry.host.cache, None, TimeSource::default())?;
    let verified = runtime::verify(&loader, &registry, new.path()).await;
    print_verified(&verified);
    anyhow::ensure!(
        is_sound_where_it_is(&verified),
        "the backup could not be verified, or is not sound: see above; nothing was restored"
    );
    let lost = lost(&loader, &registry, &manifest.data, new.path()).await;
    new.finish(backup::RESTORED_AT)?;
    println!(
        "{}: restored as of {}; all sessions have ended, each API key needs an administrator's \
         confirmation, and users, passwords, and roles are those of then",
        data.display(),
        manifest.taken_at
    );
    for line in lost {
        println!("{line}");
    }
    Ok(())
}

/// What the bank that was backed up has more, if it is still there.
async fn lost(loader: &Loader, registry: &Registry, source: &Path, data: &Path) -> Vec<String> {
    let there = runtime::figures(loader, registry, source).await;
    let here = runtime::figures(loader, registry, data).await;
    let mut lines = Vec::new();
    for figure in there.iter().filter(|figure| !here.contains(figure)) {
        let is_same =
            |other: &&Figure| (&other.service, &other.name) == (&figure.service, &figure.name);
        let value = here.iter().find(is_same).map_or(0, |other| other.value);
        lines.push(format!(
            "{}: {} is {value} now; it is {} in {}",
            figure.service,
            figure.name,
            figure.value,
            source.display()
        ));
    }
    lines
}
