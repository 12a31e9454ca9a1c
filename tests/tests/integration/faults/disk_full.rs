//! Goal: a full disk stops writes, and nothing else. Nothing acknowledged is lost, reads go on, and
//! as soon as there is room all is as before.
//!
//! Method: the data folder is a volume of 64 MiB of its own. While clients move money, a file fills
//! the volume to the last byte; a while later it is removed. The binary is the one of every day:
//! the kernel says that there is no room.

use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use strongroom_tests::bank::new_key;
use strongroom_tests::client::Call;
use strongroom_tests::history::traffic::open_account;
use strongroom_tests::history::{Ask, EUR, Heard, History, Line, Scene, Who, Wish};
use strongroom_tests::race::Flood;
use strongroom_tests::registry::Registry;
use strongroom_tests::scale::{seeded, short_or_full};
use strongroom_tests::{Bank, Person, wait_until, workspace};
use uuid::Uuid;

use crate::faults::{NOTHING, load, refusals};

const VOLUME_MIB: u64 = 64;
/// Set where the test runs in a namespace of its own.
const IN_NAMESPACE: &str = "STRONGROOM_TEST_IN_NAMESPACE";
/// How many clients keep the bank busy; one more customer asks what the test wants to know.
const CLIENTS: usize = 6;
/// How soon a write is done or refused: it may wait 5 s for its turn on a busy machine.
const ANSWER_MAX: Duration = Duration::from_secs(15);
/// How soon after there is room again everything works.
const WELL_MAX: Duration = Duration::from_secs(20);
/// How many transfers in a row must work to say so.
const TRANSFERS_IN_A_ROW: usize = 20;
/// How many refusals show that the disk is full for the bank too.
const REFUSALS: usize = 20;
/// How long these may take.
const REFUSALS_MAX: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_serves_reads_and_loses_nothing() {
    match Volume::mount() {
        Ok(volume) => fill_under_load(&volume).await,
        Err(reason) => run_in_a_namespace(
            "faults::disk_full::a_full_disk_refuses_writes_serves_reads_and_loses_nothing",
            &reason,
        ),
    }
}

/// As `ulimit -f` or `LimitFSIZE` says: by itself the signal for that would end the host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_on_the_size_of_files_refuses_writes_and_ends_nothing() {
    let mut bank = Bank::prepared(&Registry::bank());
    let limited = bank.folder().join("limited");
    let binary = workspace::binary();
    let binary = binary.display();
    let script = format!("#!/bin/sh\nulimit -f 3000\nexec {binary} \"$@\"\n");
    fs::write(&limited, script).expect("a script");
    fs::set_permissions(&limited, Permissions::from_mode(0o700)).expect("it can be run");
    assert!(bank.host.try_launch(&limited, &[]), "{}", bank.log());
    bank.wait_until_ready().await;
    let pair = bank.pair().await;
    let mut posted = 0;
    let refused = loop {
        let answer = pair.alice.submit("transfer", &pair.body("0.01")).await;
        if answer.status != 201 {
            break answer;
        }
        posted += 1;
        assert!(posted < 2_000, "no limit has an effect");
    };
    assert!([503, 507].contains(&refused.status), "{}", refused.text());
    assert_eq!(bank.host.admin().get("/healthz").await.status, 200);
    bank.host.restart().await;
    let pair = pair.at(&bank);
    let path = format!("/api/transactions?account_id={}&limit=500", pair.from);
    let list = pair.alice.all(&path).await;
    assert!(list.len() >= posted, "{} of {posted}", list.len());
}

async fn fill_under_load(volume: &Volume) {
    let mut random = seeded();
    let mut bank = Bank::prepared(&Registry::bank());
    symlink(&volume.path, bank.data()).expect("the data can lie on the volume");
    bank.host.serve().await;
    let mut scene = Scene::open(bank, CLIENTS, &[EUR]).await;
    let [account, ..]: [_; CLIENTS] = scene.town.accounts();
    let deposit = Wish::Deposit(account, (1, EUR));
    let deposit = scene.do_once(Who::Admin, deposit).await;
    let deposit = deposit.told.decided()[0].id;
    // Not a list of transactions: it is complete or refused, and its index may lack some.
    let views = [
        format!("/api/accounts/{account}/balance"),
        format!("/api/accounts/{account}/entries"),
        format!("/api/transactions/{deposit}"),
    ];

    for _round in 0..short_or_full(2, 10) {
        // Its logs begin again: they have no room yet that they would need no more of for a while.
        scene.stop().await;
        scene.recover().await;
        let mut prober = Prober::new(&scene, account).await;
        let load = load(&scene, CLIENTS, &mut random);
        prober.transfer_in_a_row().await;
        let readers = Flood::begin(views.clone().map(|path| reader(&scene, path)), |answer| {
            answer.expect("every read is answered").expect(200);
            true
        });
        let filler = volume.fill();
        prober.transfer_until_refused().await;
        // Refusals may be too fast for that: the disk stays full until there were enough.
        wait_until("reads", 60, async || readers.count() > REFUSALS as u64).await;
        let reads = readers.end().await;
        fs::remove_file(filler).expect("the filler can be removed");
        prober.transfer_in_a_row().await;

        let shifts = load.end().await;
        let told = refusals(&shifts);
        println!("refused {told:?}, {reads} reads while it was full");
        for refusal in shifts.iter().flat_map(|shift| &shift.refusals) {
            assert!(refusal.2 <= ANSWER_MAX, "{refusal:?}");
        }
        // Also what was refused.
        for ask in &prober.asked {
            prober.history.ask_until_answered(&prober.person, ask).await;
        }
        assert_eq!(scene.account_for(shifts).await, NOTHING);
    }
    scene.recover().await;
    assert_eq!(scene.violations().await, NOTHING);
}

/// The owner of the first account looks at what is theirs.
fn reader(scene: &Scene, path: String) -> impl Fn() -> Call + Send + use<> {
    let customer = scene.town.person(Who::Owner(0)).clone();
    move || customer.get(&path)
}

/// A customer who sends one transfer after the other to see how the bank is.
struct Prober {
    history: History,
    person: Person,
    line: Line,
    asked: Vec<Ask>,
}

impl Prober {
    async fn new(scene: &Scene, to: Uuid) -> Self {
        let (history, admin) = (scene.history.clone(), &scene.town.admin);
        let person = scene.bank.customer().await;
        let from = open_account(&person, admin, &history, EUR).await;
        Self {
            history,
            person,
            line: Line::eur(from, to, 1),
            asked: Vec::new(),
        }
    }

    /// Whether a new transfer is done. It is answered soon, one way or the other.
    async fn transfer(&mut self) -> bool {
        let ask = Ask::new(&new_key(), Wish::Transfer(self.line));
        let asked = Instant::now();
        let heard = self.history.ask(&self.person, &ask).await;
        let took = asked.elapsed();
        self.asked.push(ask);
        assert!(took <= ANSWER_MAX, "{took:?}: {heard:?}");
        match heard {
            Heard::Final(reply) => {
                assert_eq!(reply.status, 201, "{reply:?}");
                true
            }
            Heard::NotYet(503 | 507, _) => false,
            other => panic!("only room is short: {other:?}"),
        }
    }

    async fn transfer_in_a_row(&mut self) {
        let started = Instant::now();
        let mut done = 0;
        while done < TRANSFERS_IN_A_ROW {
            done = if self.transfer().await { done + 1 } else { 0 };
            let took = started.elapsed();
            assert!(took <= WELL_MAX, "{done} in a row after {took:?}");
        }
    }

    async fn transfer_until_refused(&mut self) {
        let started = Instant::now();
        let mut refused = 0;
        while refused < REFUSALS {
            refused += usize::from(!self.transfer().await);
            let is_in_time = started.elapsed() <= REFUSALS_MAX;
            assert!(is_in_time, "only {refused} refused: is the volume full?");
        }
    }
}

/// A volume of [`VOLUME_MIB`], gone when dropped.
struct Volume {
    /// Where it is seen.
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Volume {
    /// A file system in a file, or memory in a namespace; or why nothing can be mounted.
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("volume");
        fs::create_dir(&path).expect("a folder can be made");
        let mut mount = Command::new("mount");
        if env::var_os(IN_NAMESPACE).is_some() {
            let size = format!("size={VOLUME_MIB}m");
            mount.args(["-t", "tmpfs", "-o", &size, "none"]);
        } else {
            let image = folder.path().join("image");
            let file = File::create(&image).expect("a file can be made");
            file.set_len(VOLUME_MIB << 20).expect("it has no blocks");
            // Nothing is set aside for root, who fills it.
            let mut format = Command::new("mkfs.ext4");
            complete(format.args(["-q", "-m", "0"]).arg(&image))?;
            mount.args(["-o", "loop"]).arg(&image);
        }
        complete(mount.arg(&path))?;
        Ok(Self {
            path,
            _folder: folder,
        })
    }

    /// Takes all the room there is, and returns the file that has it.
    fn fill(&self) -> PathBuf {
        let path = self.path.join("filler");
        let filler = File::create(&path).expect("there is room for a name");
        let (mut taken, mut bytes) = (0, VOLUME_MIB << 20);
        while bytes > 0 {
            // Without writing: a client that waits for the disk would wait for that, too.
            match fallocate(&filler, FallocateFlags::empty(), taken, bytes) {
                Ok(()) => taken += bytes,
                Err(Errno::NOSPC) => bytes /= 2,
                Err(error) => panic!("{error}"),
            }
        }
        path
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: what a killed host has open is let go by the kernel a moment later.
        let _seen = complete(Command::new("umount").arg("-l").arg(&self.path));
    }
}

/// Runs this test again where it may mount what it likes.
fn run_in_a_namespace(test: &str, reason: &str) {
    println!("no file system can be mounted here ({reason}): memory in a namespace stands in");
    let again = complete(
        Command::new("unshare")
            .arg("-Urm")
            .arg(env::current_exe().expect("this program has a file"))
            .args([test, "--exact", "--nocapture"])
            .env(IN_NAMESPACE, "1"),
    );
    match again {
        // A name that no test has would pass.
        Ok(text) => assert!(text.contains("1 passed"), "{test}: {text}"),
        Err(text) => panic!(
            "this test needs a volume that it can fill: run it as root ({reason}), or allow user namespaces, in which it fails too:\n{text}"
        ),
    }
}

/// Runs a command to its end. Returns what it printed, whether it went well or not.
fn complete(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let texts = [output.stdout, output.stderr];
    let texts = texts.map(|text| String::from_utf8_lossy(&text).trim().to_owned());
    let text = texts.join("\n").trim().to_owned();
    match output.status.success() {
        true => Ok(text),
        false => Err(text),
    }
}
