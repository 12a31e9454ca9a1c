//! `strongroom serve`.

use super::RegistryArgument;
use super::dev::DevMode;
use super::verify::{is_sound_where_it_is, print_verified};
use crate::admin::{AdminApi, AdminListener, open_token, token_file};
use crate::backup::{BackupKeeper, BackupSource, check_whole, restored_at_ms};
use crate::data_lock::DataLock;
use crate::gateway::{Gateway, Listener};
use crate::keys::{self, Keys, TokenPolicy};
use crate::metrics::Figures;
use crate::network_address::NetworkAddress;
use crate::open_files::room_for_connections;
use crate::registry::{AdminAddress, AdminToken, HostSpec, Registry};
use crate::runtime::{self, Loader, Services};
use crate::store::faults;
use crate::swap::{self, Announcer, FileWatch, Swapper};
use crate::telemetry::{self, RecentRequests, TraceExporter};
use crate::wall_clock::{self, TimeSource, WallClock};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// With room for fewer connections, clients would take the files that the host needs.
const ROOM_MIN: usize = 128;
/// How long requests that run at SIGTERM may take.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);
/// How long instances may take to end after the last request.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(5);

/// What is said below the options.
const SIGNALS: &str = "\
Signals:
  SIGTERM, SIGINT  end the host: no new request, up to 30 s for those that run; a second one ends it
                   at once
  SIGHUP           reads the registry again; a save of the file does too";

#[derive(Debug, clap::Args)]
#[command(after_help = SIGNALS)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    registry: RegistryArgument,
    /// The folder of stores and keys [default: the registry's `data`, or `data` beside it]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder of compiled components [default: the registry's `cache`, or `cache` in the data]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Serve a host to try things on: with temporary data, the users and money that demo.toml
    /// beside the registry makes, and a clock that `POST /dev/clock` of the admin API moves
    #[arg(long, conflicts_with = "data")]
    dev: bool,
    /// Where the gateway listens, IP:PORT or NAME:PORT [default: the registry's `listen`, or
    /// 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<NetworkAddress>,
    /// Where the admin API listens, or unix:PATH [default: the registry's `admin`, or
    /// 127.0.0.1:9090]
    #[arg(long, value_name = "ADDR")]
    admin: Option<AdminAddress>,
}

pub(super) async fn run(arguments: ServeArguments) -> anyhow::Result<ExitCode> {
    let dev = arguments
        .dev
        .then(|| DevMode::begin(&arguments.registry.file()))
        .transpose()?;
    let Some(registry) = arguments.registry.load() else {
        return Ok(ExitCode::FAILURE);
    };
    let mut host = registry.host.clone();
    host.set_data(arguments.data);
    host.cache = arguments.cache.unwrap_or(host.cache);
    host.listen = arguments.listen.unwrap_or(host.listen);
    host.admin = arguments.admin.unwrap_or(host.admin);
    if let Some(dev) = &dev {
        dev.configure(&mut host);
    }
    let served = match telemetry::start(telemetry::OF_SERVE) {
        Ok(_log) => serve(&registry, &host, dev.as_ref()).await,
        Err(error) => Err(error),
    };
    if let Some(dev) = dev {
        dev.end();
    }
    served.map(|()| ExitCode::SUCCESS)
}

/// What a host works with while it holds its data folder.
struct OpenData {
    lock: DataLock,
    keys: Arc<Keys>,
    token: AdminToken,
    clock: Arc<WallClock>,
    services: Arc<Services>,
    swapper: Arc<Swapper>,
}

/// Opens the data folder.
async fn open(registry: &Registry, host: &HostSpec, time: TimeSource) -> anyhow::Result<OpenData> {
    let mut lock = DataLock::take(&host.data)?;
    check_whole(&host.data)?;
    if lock.is_of_copy() {
        verify_copy(registry, host).await?;
    }
    lock.note_running()?;
    let policy = TokenPolicy {
        issuer: host.issuer.clone(),
        audience: host.audience.clone(),
    };
    let keys = Keys::open(&host.data.join("keys"), policy, time.clone())?;
    let keys = Arc::new(keys);
    let token = match &host.admin_token {
        Some(token) => token.clone(),
        None => open_token(&host.data).map_err(|error| {
            let file = token_file(&host.data);
            anyhow::anyhow!("{}: {error}", file.display())
        })?,
    };
    let mut loader = Loader::new(&host.cache, Some(Arc::clone(&keys)), time)?;
    loader.set_restored_at(restored_at_ms(&host.data)?);
    let clock = Arc::new(WallClock::open(&host.data, host.clock_jump)?);
    let services = Arc::new(Services::new(&host.data, Arc::clone(&clock)));
    let swapper = Arc::new(Swapper::new(
        registry,
        Arc::clone(&services),
        Arc::new(loader),
        Announcer::new(&host.data),
    ));
    Ok(OpenData {
        lock,
        keys,
        token,
        clock,
        services,
        swapper,
    })
}

impl OpenData {
    /// Stores what is only in memory, and notes in the lock whether the end is clean: nothing may
    /// use the stores any more.
    fn close(mut self, is_clean: bool) -> anyhow::Result<()> {
        if let Err(error) = self.keys.save_last_uses() {
            tracing::warn!(%error, "the last uses of API keys could not be saved");
        }
        if let Err(error) = self.clock.save() {
            tracing::warn!(%error, "the time could not be stored in the data folder");
        }
        if is_clean {
            self.lock.note_ended()?;
        }
        Ok(())
    }
}

async fn serve(registry: &Registry, host: &HostSpec, dev: Option<&DevMode>) -> anyhow::Result<()> {
    // Signals come first: one that arrives while components compile must end the host too, and
    // SIGHUP must not.
    let stop = stop_signal()?;
    let hangup = signal(SignalKind::hangup())?;
    let movable_time = dev.map(DevMode::time).cloned();
    let time = movable_time.clone();
    let time = time.unwrap_or_else(|| TimeSource::bridging(host.clock_jump));
    let open = open(registry, host, time).await?;
    let listener = Listener::bind(host, room_for(host)?).await?;
    let admin = AdminListener::bind(&host.admin)
        .await
        .map_err(|error| anyhow::anyhow!("cannot listen on {} (`admin`): {error}", host.admin))?;
    let announcement = Announcement {
        gateway: listener.url()?,
        admin: admin.address().clone(),
        token: open.token.clone(),
        dev,
    };
    let clock_watch = tokio::spawn(wall_clock::watch(Arc::clone(&open.clock)));
    let use_watch = tokio::spawn(keys::save_last_uses(Arc::clone(&open.keys)));
    let keeper = host.backup.clone();
    let keeper =
        keeper.map(|spec| BackupKeeper::begin(&open.services, &registry.file, spec, &stop));
    let recent = Arc::new(RecentRequests::default());
    let exporter = host.traces.as_ref().map(TraceExporter::begin);
    let gateway = Arc::new(Gateway::new(
        host,
        Arc::clone(&open.services),
        Arc::clone(&open.keys),
        Arc::clone(&recent),
        exporter.as_ref().map(TraceExporter::traces),
    ));
    let mut figures = listener.figures();
    figures.extend([
        Arc::clone(&gateway) as Arc<dyn Figures>,
        Arc::clone(&open.services) as Arc<dyn Figures>,
        Arc::clone(&open.keys) as Arc<dyn Figures>,
        Arc::clone(&open.swapper) as Arc<dyn Figures>,
    ]);
    figures.extend(keeper.iter().map(BackupKeeper::figures));
    figures.extend(exporter.iter().map(TraceExporter::figures));
    let api = AdminApi::new(
        Arc::clone(&open.swapper),
        figures,
        recent,
        host,
        &announcement.admin,
        &open.token,
        movable_time,
    );
    let admin = tokio::spawn(admin.serve(Arc::new(api)));
    let keep_running = async {
        let swapper = Arc::clone(&open.swapper);
        tokio::select! {
            () = run_services(swapper, registry, hangup, &stop, &announcement) => {}
            () = stop.cancelled() => {}
        }
        tracing::info!("draining: no new connections; requests that run are finished");
        open.services.begin_drain();
    };
    // A request for a service that is still being loaded gets 503.
    let serving = listener.serve(gateway, stop.clone(), DRAIN_TIME_MAX);
    tokio::join!(keep_running, serving);
    let is_closed = close_stores(&open.services, registry, keeper).await;
    if let Some(exporter) = exporter {
        exporter.end().await;
    }
    for task in [admin, clock_watch, use_watch] {
        task.abort();
    }
    open.close(is_closed)?;
    tracing::info!("drained");
    Ok(())
}

/// How many connections may be open, by the system's limits.
fn room_for(host: &HostSpec) -> anyhow::Result<usize> {
    let room = room_for_connections();
    anyhow::ensure!(
        room >= ROOM_MIN,
        "the limit on open files leaves room for {room} connections, and the host itself needs as \
         many: raise it, such as by `ulimit -n 1024`"
    );
    if room < host.connections {
        tracing::warn!(
            room,
            connections = host.connections,
            "the limit on open files is too low for `connections`; raise `ulimit -n`"
        );
    }
    Ok(room)
}

/// Closes the stores, and then ends the backup that is kept with what they last gave to it; returns
/// whether nothing uses them any more.
async fn close_stores(
    services: &Services,
    registry: &Registry,
    keeper: Option<BackupKeeper>,
) -> bool {
    let kept = match keeper {
        Some(keeper) => keeper.end().await,
        None => None,
    };
    // What a backup says of the services can be asked only before.
    let source = match kept {
        Some(_) => BackupSource::of(services, &registry.file).await.ok(),
        None => None,
    };
    let manifest = source.as_ref().map(BackupSource::manifest);
    let is_closed = services.finish_drain(RELEASE_TIME_MAX).await;
    if let (Some(kept), Some(source), Some(manifest), true) = (kept, source, manifest, is_closed)
        && let Err(error) = kept.finish(&source, manifest)
    {
        tracing::warn!(%error, "the backup does not have what was committed last");
    }
    is_closed
}

/// What the operator is told when the services have started.
struct Announcement<'d> {
    gateway: String,
    admin: AdminAddress,
    token: AdminToken,
    dev: Option<&'d DevMode>,
}

impl Announcement<'_> {
    /// Prints where the host listens.
    fn print_addresses(&self) {
        print_line(&format!("strongroom listens on {}", self.gateway));
        print_line(&format!("admin listens on {}", self.admin));
    }

    /// Makes and prints what a host to try things on begins with.
    async fn introduce(&self) {
        let Some(dev) = self.dev else { return };
        let address = self.gateway.trim_start_matches("http://");
        print_line(&dev.introduce(address, &self.admin, &self.token).await);
    }
}

/// Starts the services, prints where they can be called, and follows the registry.
async fn run_services(
    swapper: Arc<Swapper>,
    registry: &Registry,
    hangup: Signal,
    stop: &CancellationToken,
    announcement: &Announcement<'_>,
) {
    // The gateway accepts requests by now: they meet a service that starts, and no empty table.
    let names: Vec<_> = registry.services.iter().map(|spec| &*spec.name).collect();
    swapper.services().take_in(&names, true);
    // Before the lines below: a write that begins when they are read is seen from its beginning.
    let watch = FileWatch::set(&swapper, registry).await;
    let start = swapper.start(registry);
    tokio::pin!(start);
    let is_done = tokio::select! {
        _ = &mut start => true,
        () = swapper.services().settle() => false,
    };
    faults::arm();
    announcement.print_addresses();
    if let Some(unready) = swapper.services().unready() {
        print_line(&format!(
            "not every service serves: {unready}; the log has the reasons"
        ));
    }
    if !is_done {
        start.await;
    }
    announcement.introduce().await;
    swap::run(&swapper, watch, hangup, stop).await;
}

/// Prints a line for the operator. A closed standard output must not end the bank.
fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Returns a token that SIGTERM or Ctrl-C cancels. A second signal ends the process at once.
fn stop_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        for _ in 0..2 {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if cancelled.is_cancelled() {
                std::process::exit(1);
            }
            cancelled.cancel();
        }
    });
    Ok(stop)
}

/// Verifies the data of a folder that was copied while a host ran on it, or after it was killed.
async fn verify_copy(registry: &Registry, host: &HostSpec) -> anyhow::Result<()> {
    let data = host.data.display();
    tracing::warn!(
        "{data} was copied while its host ran, or after that was killed; it is verified first"
    );
    let loader = Loader::new(&host.cache, None, TimeSource::default())?;
    let verified = runtime::verify(&loader, registry, &host.data).await;
    if is_sound_where_it_is(&verified) {
        return Ok(());
    }
    print_verified(&verified);
    anyhow::bail!(
        "{data} is a torn copy of a running bank, or cannot be verified, see above; restore a \
         backup that `strongroom backup` has made"
    )
}
