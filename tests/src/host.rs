//! A running `strongroom serve`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::command::{CommandOutput, run};
use crate::registry::Registry;
use crate::{Client, Value, list, wait_for, workspace};

/// Compiling every component for the first time on a loaded machine, with room to spare.
const READY_SECONDS_MAX: u64 = 300;
/// A change is taken or refused in less, even when its components must be compiled first.
pub const CHANGE_SECONDS_MAX: u64 = 300;
/// The host's own limit on draining is 30 s.
const EXIT_SECONDS_MAX: u64 = 40;
/// A line of the log arrives within a second, and later on a loaded machine.
const LOG_SECONDS_MAX: u64 = 20;

/// Flags with which every listener is on a free port.
const FREE_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

/// The environment variable that names the first administrator's password.
pub const ADMIN_PASSWORD_VARIABLE: &str = "STRONGROOM_ADMIN_PASSWORD";

/// A folder with a registry and data, and its process, if it runs. Dropping it removes both.
#[derive(Debug)]
pub struct Host {
    folder: TempDir,
    admin_password: Option<&'static str>,
    running: Option<Running>,
    log_of_earlier_runs: String,
    /// Where the log of the latest run begins.
    latest_run_at: usize,
}

#[derive(Debug)]
struct Running {
    child: Child,
    stdout: Output,
    stderr: Output,
    url: String,
    admin_url: String,
}

impl Host {
    /// Starts a host in a new folder, and waits until it is ready.
    pub async fn start(registry: &Registry, admin_password: Option<&'static str>) -> Self {
        let mut host = Self::prepared(registry, admin_password);
        host.serve().await;
        host
    }

    /// A folder with a registry, and no process yet.
    pub fn prepared(registry: &Registry, admin_password: Option<&'static str>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("strongroom-test-")
            .tempdir()
            .expect("a temporary folder");
        registry.write(folder.path());
        Self {
            folder,
            admin_password,
            running: None,
            log_of_earlier_runs: String::new(),
            latest_run_at: 0,
        }
    }

    /// Starts the process on free ports, and waits until it listens.
    pub fn launch(&mut self) {
        self.must_listen(self.command_on_free_ports(&workspace::binary()));
    }

    /// Starts the process on free ports, and waits until every service serves.
    pub async fn serve(&mut self) {
        self.launch();
        self.wait_until_ready().await;
    }

    /// Starts another binary with more environment; false if it ends before it listens.
    pub fn try_launch(&mut self, binary: &Path, environment: &[(&str, &str)]) -> bool {
        let mut command = self.command_on_free_ports(binary);
        command.envs(environment.iter().copied());
        self.spawn(command)
    }

    /// Starts the process with a terminal as its standard output, and waits until it is ready.
    pub async fn launch_on_terminal(&mut self) {
        let (terminal, end_of_child) = pseudo_terminal().expect("a pseudo terminal");
        let mut command = self.command_on_free_ports(&workspace::binary());
        command.stdout(end_of_child);
        let running = Running::spawn(command, |_| terminal);
        self.running = Some(running.expect("the host listens"));
        self.wait_until_ready().await;
    }

    fn command_on_free_ports(&self, binary: &Path) -> Command {
        let mut command = self.command(binary, &FREE_PORTS);
        command.arg("--data").arg(self.data());
        command
    }

    /// Starts the process with these flags alone, and waits until it listens.
    pub fn launch_with(&mut self, flags: &[&str]) {
        self.must_listen(self.command(&workspace::binary(), flags));
    }

    /// Starts the process with `--dev` and the bank's script on free ports, and waits until it
    /// listens. Its data is in [`Self::temporary_files`].
    pub fn launch_dev(&mut self) {
        let temporary_files = self.temporary_files();
        std::fs::create_dir_all(&temporary_files).expect("a folder can be made");
        let mut command = self.command(&workspace::binary(), &FREE_PORTS);
        command.arg("--dev").env("TMPDIR", temporary_files);
        self.must_listen(command);
    }

    fn must_listen(&mut self, command: Command) {
        let listens = self.spawn(command);
        assert!(listens, "the host does not listen:\n{}", self.log());
    }

    /// Where a process with `--dev` keeps its data.
    pub fn temporary_files(&self) -> PathBuf {
        self.folder().join("temporary")
    }

    fn command(&self, binary: &Path, flags: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command
            .args(["serve", "--registry"])
            .arg(self.folder().join("registry.toml"))
            .args(flags)
            .current_dir(self.folder())
            .env_remove(ADMIN_PASSWORD_VARIABLE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(password) = self.admin_password {
            command.env(ADMIN_PASSWORD_VARIABLE, password);
        }
        command
    }

    /// Waits until the process listens; false if it has ended instead.
    fn spawn(&mut self, command: Command) -> bool {
        assert!(self.running.is_none(), "the host runs already");
        self.latest_run_at = self.log_of_earlier_runs.len();
        let stdout = |child: &mut Child| child.stdout.take().expect("stdout is piped");
        match Running::spawn(command, stdout) {
            Ok(running) => self.running = Some(running),
            Err(log) => self.log_of_earlier_runs.push_str(&log),
        }
        self.running.is_some()
    }

    /// Waits until every service serves.
    pub async fn wait_until_ready(&self) {
        let admin = self.admin();
        wait_for("the host to be ready", READY_SECONDS_MAX, async || {
            if admin.get("/readyz").await.status == 200 {
                return Some(());
            }
            let services = self.services().await;
            for service in list(&services["services"]) {
                assert_ne!(service["state"], "failed", "{service}");
            }
            None
        })
        .await;
    }

    /// Saves another registry over the one that runs.
    pub fn save(&self, registry: &Registry) {
        registry.save(self.folder());
    }

    /// Saves another registry, and waits until the host has taken it; returns the report.
    pub async fn save_registry(&self, registry: &Registry) -> Value {
        registry.save(self.folder());
        let reload = self.admin().post("/services/reload");
        reload.within(CHANGE_SECONDS_MAX).await.json(200)
    }

    /// What `GET /services` of the admin listener returns.
    pub async fn services(&self) -> Value {
        self.admin().get("/services").await.json(200)
    }

    /// What is listed of a service, if it is listed.
    pub async fn listed(&self, name: &str) -> Option<Value> {
        let services = self.services().await;
        let mut services = list(&services["services"]).iter();
        services.find(|service| service["name"] == name).cloned()
    }

    /// What is listed of a service.
    pub async fn service(&self, name: &str) -> Value {
        let listed = self.listed(name).await;
        listed.unwrap_or_else(|| panic!("{name} is not listed"))
    }

    /// Runs `strongroom ARGUMENTS` in the host's folder to its end.
    pub async fn run(&self, arguments: &[&str]) -> CommandOutput {
        let folder = self.folder().to_owned();
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        let running = spawn_blocking(move || run(&folder, &arguments));
        running.await.expect("it runs")
    }

    /// Runs `strongroom serve` in the host's folder on free ports; it must end by itself.
    pub async fn run_serve(&self) -> CommandOutput {
        let serve = [&["serve"][..], &FREE_PORTS].concat();
        self.run(&serve).await
    }

    /// Where `registry.toml` and `data` are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// A client of the public listener, without a token.
    pub fn client(&self) -> Client {
        Client::new(&self.running().url)
    }

    /// A client of the public listener at another address of the loopback, without a token.
    pub fn client_at(&self, source: Ipv4Addr) -> Client {
        Client::from(source, &self.running().url)
    }

    /// A client of the admin listener, with the host's token.
    pub fn admin(&self) -> Client {
        let client = Client::new(&self.running().admin_url);
        match self.admin_token() {
            Some(token) => client.with_token(&token),
            None => client,
        }
    }

    /// The token that the host made in its data folder, if that is the usual one.
    pub fn admin_token(&self) -> Option<String> {
        std::fs::read_to_string(self.data().join("admin.token")).ok()
    }

    /// The public listener as `ADDRESS:PORT`.
    pub fn address(&self) -> &str {
        self.running().url.trim_start_matches("http://")
    }

    /// The admin listener as `ADDRESS:PORT`.
    pub fn admin_address(&self) -> &str {
        self.running().admin_url.trim_start_matches("http://")
    }

    /// What was printed for the operator so far, in this run.
    pub fn stdout(&self) -> String {
        self.running().stdout.so_far()
    }

    /// All that was logged before this was called, in all runs: the host writes its log in batches.
    pub async fn log_until_now(&self) -> String {
        static MARKS: AtomicU64 = AtomicU64::new(0);
        let mark = format!("log-mark-{}", MARKS.fetch_add(1, Ordering::Relaxed));
        let call = self.client().get("/api/log-mark");
        call.header("x-request-id", &mark).await;
        wait_for("the log up to now", LOG_SECONDS_MAX, async || {
            let log = self.log();
            log.contains(&format!("\"{mark}\"")).then_some(log)
        })
        .await
    }

    /// What has arrived of the log. It runs behind: to look once, take [`Self::log_until_now`].
    pub fn log(&self) -> String {
        let running = self.running.as_ref();
        let running = running.map_or_else(String::new, |running| running.stderr.so_far());
        format!("{}{running}", self.log_of_earlier_runs)
    }

    /// What has arrived of the log of the latest run.
    pub fn log_of_latest_run(&self) -> String {
        self.log().split_off(self.latest_run_at)
    }

    /// The memory of the process that is in use now, in MiB.
    pub fn resident_mib(&self) -> u64 {
        self.memory_mib("VmRSS:")
    }

    /// The most memory that the process had in use so far, in MiB.
    pub fn peak_mib(&self) -> u64 {
        self.memory_mib("VmHWM:")
    }

    fn memory_mib(&self, figure: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid().as_raw_nonzero());
        let status = std::fs::read_to_string(path).expect("the process has a status");
        let line = status.lines().find_map(|line| line.strip_prefix(figure));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.expect("a number of KiB") / 1024
    }

    /// How many files, sockets among them, the process has open.
    pub fn open_files(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.pid().as_raw_nonzero());
        let files = std::fs::read_dir(folder).expect("the process has files");
        files.count()
    }

    /// SIGKILL: the host gets no chance to tidy up.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _already_gone = running.child.kill();
            let _status = running.child.wait();
            let log = running.stderr.into_text();
            self.log_of_earlier_runs.push_str(&log);
        }
    }

    /// Starts the usual binary on the same data; returns after how long every service serves.
    pub async fn restart(&mut self) -> Duration {
        self.kill();
        let started = Instant::now();
        self.serve().await;
        started.elapsed()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process takes the signal");
    }

    /// Has the folder removed when this process has ended. A host in a `static` is never dropped.
    ///
    /// A shell waits for the end of a pipe that the kernel closes however this process ends.
    pub fn remove_folder_at_exit(&self) {
        let shell = Command::new("sh")
            .args(["-c", r#"trap '' INT; read -r _; rm -rf "$0""#])
            .arg(self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        std::mem::forget(shell.expect("a shell starts"));
    }

    /// A handle to kill the process from another task while this one goes on.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.running().child)
    }

    /// Waits until the process has ended by itself.
    pub async fn wait_for_exit(&mut self) -> ExitStatus {
        let running = self.running.as_mut().expect("the host runs");
        let status = wait_for("the host to exit", EXIT_SECONDS_MAX, async || {
            running.child.try_wait().expect("it can be waited for")
        })
        .await;
        // It is gone: this keeps its log.
        self.kill();
        status
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the host runs")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let lines: Vec<&str> = self.log_of_earlier_runs.lines().collect();
            let last = lines[lines.len().saturating_sub(40)..].join("\n");
            eprintln!("--- the end of the host's log ---\n{last}");
        }
    }
}

impl Running {
    /// Waits until the child listens, and prints to `stdout`; an error is its log, if it ends.
    fn spawn<R: Read + Send + 'static>(
        command: Command,
        stdout: impl FnOnce(&mut Child) -> R,
    ) -> Result<Self, String> {
        let mut child = spawn_for_life(command);
        let stdout = Output::gather(stdout(&mut child));
        let stderr = Output::gather(child.stderr.take().expect("stderr is piped"));
        let url = stdout.wait_for("strongroom listens on ");
        let Some((url, admin_url)) = url.zip(stdout.wait_for("admin listens on ")) else {
            let _already_gone = child.kill();
            let _status = child.wait();
            return Err(format!("{}{}", stdout.into_text(), stderr.into_text()));
        };
        Ok(Self {
            child,
            stdout,
            stderr,
            url,
            admin_url,
        })
    }
}

/// What a child prints, gathered by a thread so that the pipe never fills.
#[derive(Debug)]
struct Output {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Output {
    /// Gathers until the pipe closes.
    fn gather(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut lines = BufReader::new(pipe);
            let mut line = Vec::new();
            while let Ok(1..) = lines.read_until(b'\n', &mut line) {
                let mut text = shared.lock().expect("no reader panics");
                text.push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("no reader panics").clone()
    }

    /// Everything, once the pipe has closed.
    fn into_text(self) -> String {
        self.reader.join().expect("no reader panics");
        self.text.lock().expect("no reader panics").clone()
    }

    /// What follows this prefix of a line, once that is there; none if the pipe closes first.
    fn wait_for(&self, prefix: &str) -> Option<String> {
        for _attempt in 0..READY_SECONDS_MAX * 100 {
            let over = self.reader.is_finished();
            let text = self.so_far();
            let found = text.lines().find_map(|line| line.strip_prefix(prefix));
            if found.is_some() || over {
                return found.map(str::to_owned);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

/// A terminal without a screen: what this process reads, and what a child writes to.
fn pseudo_terminal() -> std::io::Result<(File, File)> {
    // Not the terminal that may send this process signals.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let terminal = openpt(flags)?;
    grantpt(&terminal)?;
    unlockpt(&terminal)?;
    let end_of_child = ioctl_tiocgptpeer(&terminal, flags)?;
    Ok((terminal.into(), end_of_child.into()))
}

/// Starts a child that the kernel kills when this process ends, however it ends.
///
/// The kernel takes the *thread* that started a child for its parent, and a test's thread ends with
/// its test. So one thread, which lives as long as the process, starts them all.
fn spawn_for_life(command: Command) -> Child {
    static PARENT: LazyLock<Sender<(Command, Sender<Child>)>> = LazyLock::new(|| {
        let (sender, requests) = channel::<(Command, Sender<Child>)>();
        thread::spawn(move || {
            for (mut command, reply) in requests {
                die_with_parent(&mut command);
                let child = command.spawn().expect("the binary starts");
                let _nobody_waits = reply.send(child);
            }
        });
        sender
    });
    let (reply, child) = channel();
    let lives = "the parent thread lives";
    PARENT.send((command, reply)).expect(lives);
    child.recv().expect(lives)
}

#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "only between fork and exec can a child ask for a signal at its parent's death"
)]
fn die_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: the closure makes one system call; it neither allocates nor locks.
    unsafe {
        command.pre_exec(|| {
            Ok(rustix::process::set_parent_process_death_signal(Some(
                Signal::KILL,
            ))?)
        });
    }
}

/// Other systems have no such call: there, a host can outlive a test process that is itself killed.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command) {}
