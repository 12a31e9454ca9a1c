//! A bank with customers of one account each, that is broken and started again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use strongroom_tests::registry::Registry;
use strongroom_tests::scale::short_or_full;
use strongroom_tests::{Bank, Person};

use crate::faults::books::ExpectedBooks;
use crate::faults::request::{Asker, AttemptResult, KeyedRequest};

/// What each account begins with, in cents.
pub const OPENING_CENTS: i64 = 1_000_000;
/// How soon after its start a bank serves, whatever it comes from.
const READY_MAX: Duration = Duration::from_secs(5);
/// The same beside other tests: with six lanes of each, many hosts start at once.
const READY_MAX_SHORT: Duration = Duration::from_secs(30);
/// Access tokens live for five minutes.
const LOGIN_AGE_MAX: Duration = Duration::from_secs(150);

/// The bank and its people.
pub struct BrokenBank {
    pub bank: Bank,
    staff: Person,
    customers: Vec<Person>,
    /// The account of each customer.
    accounts: Vec<String>,
    logged_in_at: Instant,
}

impl BrokenBank {
    /// A bank of so many customers with [`OPENING_CENTS`] each, and its books.
    pub async fn open(customers: usize) -> (Self, ExpectedBooks) {
        Self::open_in(Bank::start().await, customers).await
    }

    /// The same in a bank that serves already.
    pub async fn open_in(bank: Bank, customers: usize) -> (Self, ExpectedBooks) {
        let staff = bank.admin().await;
        let mut scene = Self {
            bank,
            staff,
            customers: Vec::new(),
            accounts: Vec::new(),
            logged_in_at: Instant::now(),
        };
        let mut books = ExpectedBooks::new(customers);
        for place in 0..customers {
            let customer = scene.bank.customer().await;
            scene.accounts.push(customer.open_account("EUR").await);
            scene.customers.push(customer);
            let opening = KeyedRequest::deposit(&scene.accounts, place, OPENING_CENTS);
            scene.do_once(&mut books, &opening).await;
        }
        (scene, books)
    }

    /// Asks for something that nothing stands in the way of, and writes it down.
    ///
    /// # Panics
    ///
    /// If it is not accepted at once.
    pub async fn do_once(&self, books: &mut ExpectedBooks, request: &KeyedRequest) {
        match request.ask(&self.person(request.asker)).await {
            AttemptResult::Final(outcome) if outcome.is_accepted() && !outcome.replayed => {
                books.note(outcome);
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn accounts(&self) -> &[String] {
        &self.accounts
    }

    pub fn staff(&self) -> &Person {
        &self.staff
    }

    pub fn person(&self, asker: Asker) -> Person {
        match asker {
            Asker::Customer(place) => self.customers[place].clone(),
            Asker::Staff => self.staff.clone(),
        }
    }

    /// Starts the fault build on the same data; false if it failed before it served.
    pub async fn fail(&mut self, plan: &str) -> bool {
        self.bank.host.kill();
        if !self.bank.host.launch_to_fail(plan) {
            return false;
        }
        self.follow();
        true
    }

    /// Starts the bank again on what is left. It serves soon, and everybody can go on.
    ///
    /// # Panics
    ///
    /// If it takes longer than it may.
    pub async fn recover(&mut self) {
        let took = self.bank.host.restart().await;
        let ready_max = short_or_full(READY_MAX_SHORT, READY_MAX);
        assert!(took <= ready_max, "ready after {took:?}");
        self.follow();
        self.renew_logins().await;
    }

    /// Asserts that the one fault of a plan has happened.
    #[track_caller]
    pub fn assert_fired_once(&self, plan: &str) {
        assert_eq!(self.bank.faults_fired().len(), 1, "{plan} has happened");
    }

    /// Stops the bank in good order.
    ///
    /// # Panics
    ///
    /// If it does not say that all went well.
    pub async fn stop(&mut self) {
        self.bank.signal(Signal::TERM);
        let status = self.bank.host.wait_for_exit().await;
        assert!(status.success(), "{status}");
    }

    /// Stops the bank in good order, and keeps a copy of its data.
    pub async fn keep(&mut self) -> Kept {
        self.stop().await;
        let copy = tempfile::Builder::new()
            .prefix("strongroom-kept-")
            .tempdir()
            .expect("a temporary folder");
        copy_folder(&self.bank.data(), copy.path());
        Kept(copy)
    }

    /// Another bank with the same people and no data yet: it begins from what was kept of this one.
    pub fn twin(&self) -> Self {
        Self {
            bank: Bank::prepared(&Registry::bank()),
            staff: self.staff.clone(),
            customers: self.customers.clone(),
            accounts: self.accounts.clone(),
            logged_in_at: self.logged_in_at,
        }
    }

    /// Puts the data back as it was kept.
    pub fn go_back_to(&mut self, kept: &Kept) {
        self.bank.host.kill();
        let data = self.bank.data();
        if data.exists() {
            fs::remove_dir_all(&data).expect("the data can be removed");
        }
        copy_folder(kept.0.path(), &data);
    }

    /// Everybody speaks to the process that runs now.
    fn follow(&mut self) {
        self.staff = self.staff.at(&self.bank.host);
        for customer in &mut self.customers {
            *customer = customer.at(&self.bank.host);
        }
    }

    /// Logs all people in again before the tokens are too old. A test that starts the bank only to
    /// fail calls it where a login fails nothing.
    pub async fn renew_logins(&mut self) {
        if self.logged_in_at.elapsed() < LOGIN_AGE_MAX {
            return;
        }
        self.staff = self.staff.log_in_again().await;
        for customer in &mut self.customers {
            *customer = customer.log_in_again().await;
        }
        self.logged_in_at = Instant::now();
    }
}

/// The data of a bank at one moment.
pub struct Kept(tempfile::TempDir);

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
