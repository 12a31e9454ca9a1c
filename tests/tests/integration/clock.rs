//! Goal: a machine's clock that jumps stops what is written, and the operator sees why.
//! Method: a bank whose wall clock libfaketime moves while it runs; the time since boot goes on.

use std::fs;
use std::path::{Path, PathBuf};

use strongroom_tests::bank::{ADMIN_EMAIL, ADMIN_PASSWORD, Pair, day, new_key};
use strongroom_tests::registry::{BANK_SERVICES, Registry};
use strongroom_tests::{
    Answer, Bank, Value, assert_json, assert_parts, json, list, text, tools, wait_until, workspace,
};

/// More than a jump of the default, and less than a token lives.
const MINUTE: i64 = 60;
const YEAR: i64 = 365 * 86_400;

/// A bank whose wall clock can be set.
struct MovedClock {
    bank: Bank,
    library: PathBuf,
}

impl MovedClock {
    async fn start() -> Option<Self> {
        let library = tools::preloaded("faketime/libfaketimeMT.so.1")?;
        let bank = Bank::prepared(&Registry::bank());
        let mut scene = Self { bank, library };
        scene.set_clock(0);
        scene.launch();
        scene.bank.wait_until_ready().await;
        Some(scene)
    }

    fn launch(&mut self) {
        let offset = offset_file(self.bank.folder()).display().to_string();
        let library = self.library.display().to_string();
        let environment = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", &offset),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        let binary = workspace::binary();
        assert!(self.bank.host.try_launch(&binary, &environment));
    }

    /// Sets the wall clock to so many seconds from now.
    fn set_clock(&self, seconds: i64) {
        let file = offset_file(self.bank.folder());
        let new = file.with_extension("new");
        // By a rename: the host reads the file at each look at its clock.
        fs::write(&new, format!("{seconds:+}\n")).expect("the file is written");
        fs::rename(&new, &file).expect("the file is replaced");
    }

    async fn log_in(&self) -> Answer {
        self.bank.login(ADMIN_EMAIL, ADMIN_PASSWORD).await
    }

    async fn accept_clock(&self, said: &str) {
        let address = self.bank.admin_address();
        let accept = ["admin", "accept-clock", "--admin", address];
        let outcome = self.bank.run(&accept).await;
        outcome.assert_success();
        assert_parts(&outcome.stdout, &[said]);
    }

    /// Asserts that the clock is trusted, or is not for this reason.
    async fn assert_trusts_unless(&self, reason: Option<&str>) {
        let ready = self.bank.host.admin().get("/readyz").await;
        let clock = self.bank.services().await["clock"].clone();
        assert_json!(clock, {"trusted": reason.is_none()});
        let Some(reason) = reason else {
            assert_eq!((ready.status, &clock["reason"]), (200, &Value::Null));
            return;
        };
        assert_eq!(ready.status, 503, "{}", ready.text());
        for told in [&*ready.text(), text(&clock["reason"])] {
            assert_parts(told, &[reason, "strongroom admin accept-clock"]);
        }
    }
}

fn offset_file(folder: &Path) -> PathBuf {
    folder.join("clock-offset")
}

fn assert_not_trusted(answer: &Answer) {
    answer.refused(503, "clock_not_trusted");
    assert_eq!(answer.header("retry-after"), Some("30"));
}

/// Nothing is written, whatever service is asked and whatever services that one asks.
async fn assert_writes_are_refused(scene: &MovedClock, pair: &Pair) {
    let client = scene.bank.client();
    let refresh = json!({"refresh_token": pair.alice.refresh_token});
    let account = json!({"type": "checking", "currency": "EUR"});
    let (payment, order) = (pair.body("1.00"), pair.order("1.00", &day(10)));
    for call in rows! {
        pair.alice.submit("transfer", &payment), pair.alice.submit("holds", &payment),
        pair.alice.submit("schedules", &order), pair.alice.post("/api/accounts").json(&account),
        pair.bob.post("/api/auth/logout"), client.post("/api/token/refresh").json(&refresh),
    } {
        assert_not_trusted(&call.await);
    }
}

#[tokio::test]
async fn a_clock_that_jumps_stops_writes_alone_until_it_is_right_or_accepted() {
    let Some(scene) = MovedClock::start().await else {
        return;
    };
    let pair = scene.bank.pair().await;
    for jump in [MINUTE, -MINUTE] {
        scene.set_clock(jump);
        assert_not_trusted(&scene.log_in().await);
        if jump > 0 {
            // Before its time a token is not valid.
            assert_writes_are_refused(&scene, &pair).await;
            assert_eq!(pair.bob.balance(&pair.to).await, "0.00");
        }
        let reason = "the machine's clock has jumped";
        scene.assert_trusts_unless(Some(reason)).await;
        scene.set_clock(0);
        scene.assert_trusts_unless(None).await;
    }
    let log = scene.bank.log_until_now().await;
    for told in ["has jumped: it shows ", "is trusted again"] {
        assert_parts(&log, &[&format!("the machine's clock {told}")]);
    }

    scene.set_clock(MINUTE);
    let (key, body) = (new_key(), pair.body("1.00"));
    let send = async || {
        let call = pair.alice.post("/api/transactions/transfer");
        call.key(&key).json(&body).await
    };
    assert_not_trusted(&send().await);
    scene.accept_clock("Accepted, although ").await;
    scene.assert_trusts_unless(None).await;
    send().await.expect(201);
    scene.accept_clock("trusted already").await;

    // The clock is right again, and the books are ahead of it.
    scene.set_clock(0);
    assert_writes_are_refused(&scene, &pair).await;
    scene.accept_clock("Accepted").await;
    pair.send("1.00").await;
}

#[tokio::test]
async fn a_start_waits_for_a_clock_that_is_behind_and_takes_one_that_is_ahead() {
    let Some(mut scene) = MovedClock::start().await else {
        return;
    };
    let pair = scene.bank.pair().await;
    scene.bank.host.kill();
    scene.set_clock(-YEAR);
    scene.launch();
    let pair = pair.at(&scene.bank.host);
    let all_serve = async || {
        let services = scene.bank.services().await;
        let mut services = list(&services["services"]).iter();
        services.len() == BANK_SERVICES.len() && services.all(|row| row["state"] == "serving")
    };
    wait_until("the services to serve", 60, all_serve).await;
    let reason = "the machine's clock is behind";
    scene.assert_trusts_unless(Some(reason)).await;
    scene.bank.client().read("/.well-known/jwks.json").await;
    assert_not_trusted(&scene.log_in().await);
    scene.set_clock(0);
    scene.assert_trusts_unless(None).await;
    pair.send("1.00").await;

    scene.bank.host.kill();
    scene.set_clock(YEAR);
    scene.launch();
    scene.bank.wait_until_ready().await;
    scene.assert_trusts_unless(None).await;
    let log = scene.bank.host.log_of_latest_run();
    assert_parts(&log, &["the host has not run for"]);
}
