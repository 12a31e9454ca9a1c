//! Goal: `strongroom serve --dev` is a bank to try things on. Its people and their money are there,
//! its clock moves, and nothing of it is left.
//! Method: such banks, read as their users read them: from what they print.

mod clock;
mod demo;
mod folder;

use std::fs;
use std::path::PathBuf;

use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::{Client, Person, assert_parts, wait_for, workspace};

/// Making the people takes some hashes of passwords, on a loaded machine.
const INTRODUCTION_SECONDS_MAX: u64 = 120;
/// The last line that a start prints.
const LAST_LINE: &str = "/dev/clock";

/// A bank to try things on, with all that it has printed.
struct DevBank {
    host: Host,
    printed: String,
}

impl DevBank {
    async fn start() -> Self {
        let host = Host::prepared(&Registry::bank(), None);
        let script = workspace::root().join("demo.toml");
        fs::copy(script, host.folder().join("demo.toml")).expect("the bank has a script");
        Self::launch(host).await
    }

    async fn small(script: Option<&str>) -> Self {
        Self::launch(prepared(script)).await
    }

    async fn launch(mut host: Host) -> Self {
        host.launch_dev();
        let printed = wait_for("the introduction", INTRODUCTION_SECONDS_MAX, async || {
            let printed = host.stdout();
            printed.contains(LAST_LINE).then_some(printed)
        })
        .await;
        Self { host, printed }
    }

    /// What is printed of somebody: the word after a label below their email address.
    #[track_caller]
    fn told(&self, name: &str, label: &str) -> &str {
        let (_, below) = self.printed.split_once(name).expect("they are printed");
        word_after(below, &format!("  {label} "))
    }

    /// What is printed of a password, which has many words.
    #[track_caller]
    fn password(&self, email: &str) -> &str {
        let (_, below) = self.printed.split_once(email).expect("they are printed");
        let (_, password) = below.split_once("  password ").expect("it is printed");
        password.lines().next().expect("a password").trim()
    }

    fn client(&self, email: &str) -> Client {
        self.host.client().with_token(self.told(email, "token"))
    }

    async fn log_in(&self, email: &str) -> Person {
        Person::log_in(&self.host.client(), email, self.password(email)).await
    }

    /// A client of the admin listener with the token that is printed in the clock's command.
    fn admin(&self) -> Client {
        let url = format!("http://{}", self.host.admin_address());
        let token = word_after(&self.printed, "authorization: Bearer ");
        Client::new(&url).with_token(token.trim_end_matches('\''))
    }

    fn data_folders(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.host.temporary_files()).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.collect()
    }

    #[track_caller]
    fn assert_printed(&self, parts: &[&str]) {
        assert_parts(&self.printed, parts);
    }
}

/// A host with one small service, and this script beside its registry.
fn prepared(script: Option<&str>) -> Host {
    let hello = Service::guest("hello").public();
    let host = Host::prepared(&Registry::empty().service("hello", hello), None);
    if let Some(script) = script {
        fs::write(host.folder().join("demo.toml"), script).expect("a file can be written");
    }
    host
}

#[track_caller]
fn word_after<'t>(text: &'t str, before: &str) -> &'t str {
    let (_, after) = text.split_once(before).expect("it is printed");
    after.split_whitespace().next().expect("a word")
}
