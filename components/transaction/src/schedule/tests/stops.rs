//! Goal: an order that cannot be paid ends; one whose owner may not log in is paused, and skips
//! dates. Neither pays anything any more.

use super::*;
use crate::users::{ChangeKind, UserChange};

impl Bank {
    /// Closes Alice's account, emptied.
    fn close_payer(&self) {
        assert_eq!(outcome(&self.withdraw("all", "1000")), "201");
        self.close(&self.alice);
    }

    fn close_payee(&self) {
        self.close(&self.bob);
    }

    fn disable(&self) {
        self.change_alice(ChangeKind::Disabled);
    }

    fn enable(&self) {
        self.change_alice(ChangeKind::Enabled);
    }

    fn change_alice(&self, kind: ChangeKind) {
        let mut changes = self.service.users.changes.borrow_mut();
        let sequence = changes.len() as u64 + 1;
        changes.push(UserChange {
            sequence,
            user_id: ALICE,
            kind,
            at_ms: self.service.clock.now_ms(),
        });
    }

    /// Has the service believe that it has followed so much.
    fn follow_up_to(&self, source: &str, last: u64) {
        let moved = format!("UPDATE followed SET sequence = {last} WHERE source = '{source}'");
        self.execute(&moved);
    }

    /// Does what each word says. A word that is a state of the order is asserted.
    fn live_through(&self, id: Uuid, story: &str) {
        for word in story.split(' ') {
            match word {
                "tick" => _ = self.tick(),
                "quiet" => {
                    assert_eq!(self.tick(), Summary::default(), "{story}");
                    self.assert_sound();
                }
                "no-auth" | "auth" => self.service.users.is_down.set(word == "no-auth"),
                "stuck" => {
                    let error = self.service.tick().unwrap_err();
                    assert_eq!(error.to_string(), "the users: auth is down");
                }
                "hour" => self.wait(HOUR_MS),
                "day" => self.wait(DAY_MS),
                "midnight" => self.go_to((self.service.clock.now_ms() / DAY_MS + 1) * DAY_MS),
                "month" => self.wait(30 * DAY_MS),
                "disable" => self.disable(),
                "enable" => self.enable(),
                "close" => self.close_payee(),
                "cancel" => self.cancel(id).unwrap(),
                _ if word.ends_with("-paid") => {
                    let (paid, shown) = (self.paid().len(), self.show(id));
                    assert_eq!(format!("{paid}-paid"), word, "{story}");
                    assert_eq!(shown["runs"], paid, "{story}");
                }
                state => {
                    let shown = self.show(id);
                    assert_eq!(shown["status"], state, "{story}");
                    assert_eq!(shown["next_due"].is_null(), state != "active", "{story}");
                }
            }
        }
    }

    fn assert_ended(&self, id: Uuid, because: &str) {
        assert_json!(self.show(id), {"status": "ended", "ended_because": because, "next_due": null});
    }

    /// Through a year of ticks nothing more is recorded.
    fn assert_records_nothing(&self) {
        let before = self.recorded();
        for _ in 0..365 {
            self.wait(DAY_MS);
            assert_eq!(self.tick(), Summary::default());
        }
        assert_eq!(self.recorded(), before);
        self.assert_sound();
    }
}

#[test]
fn an_order_ends_with_its_payers_or_its_payees_account() {
    // Also on a day on which a date is due.
    for (closed, is_by_number, days) in rows! {
        ("payer", false, 0), ("payee", false, 0), ("payee", true, 0), ("payee", false, 16),
    } {
        let bank = bank_on("2027-01-15");
        let by_number = to_number(&bank.bob.number);
        let payee = if is_by_number { by_number } else { json!({}) };
        let id = bank.order("k", &payee);
        bank.tick();
        assert_eq!(bank.status(id), "active");
        bank.wait(days * DAY_MS);
        match closed {
            "payer" => bank.close_payer(),
            _ => bank.close_payee(),
        }
        assert_eq!(bank.tick(), Summary::default());
        bank.assert_ended(id, "account_closed");
        assert_json!(bank.show(id), {"runs": 0});
        bank.assert_records_nothing();
        // To end it again is no error, and changes nothing.
        bank.cancel(id).unwrap();
        bank.assert_ended(id, "account_closed");
        // The response to the request stays what it was.
        let again = bank.request_order("k", &payee).unwrap();
        assert!(again.repeated && json_of(&again)["status"] == "active");
    }
}

#[test]
fn an_order_that_is_requested_while_its_account_is_closed_is_refused_or_ends() {
    let requested_while = |act: Act| {
        let bank = bank_on("2027-01-15");
        bank.interrupt(Moment::AfterDecision, act);
        let requested = bank.request_order("k", &json!({}));
        bank.tick();
        (bank, requested)
    };
    let (bank, requested) = requested_while(Bank::close_payee);
    bank.assert_ended(id_of(&requested.unwrap()), "account_closed");
    let (_, requested) = requested_while(|bank| {
        bank.close_payee();
        bank.tick();
    });
    assert_eq!(outcome(&requested), "422 account_closed /to_account_id");
}

#[test]
fn a_date_under_way_is_cancelled_when_an_account_is_closed_the_owner_disabled_or_the_order_ended() {
    for (stop, count) in rows! {
        ("close tick", None), ("disable tick", None), ("disable tick", Some(1)), ("cancel", None),
    } {
        let bank = bank_on("2027-01-31");
        let (id, transfer) = bank.cut_off_order("k", &json!({"count": count}));
        bank.live_through(id, stop);
        assert_eq!(bank.run_of(id), CUT_OFF, "{stop}");
        assert_eq!(bank.post_late(&transfer), Some(Decline::Cancelled));
        bank.assert_records_nothing();
    }
}

#[test]
fn no_date_is_retried_once_an_account_is_closed_the_owner_disabled_or_the_order_ended() {
    for (count, stop, state) in rows! {
        (None, "close tick", "ended"), (Some(1), "close tick", "completed"),
        (None, "disable tick", "paused"), (Some(1), "disable tick", "completed"),
        (None, "cancel", "cancelled"), (Some(1), "cancel", "cancelled"),
    } {
        let retry = json!({"on_insufficient_funds": "retry", "count": count});
        let (bank, id) = ordered(short_bank_on("2027-01-31"), retry);
        bank.tick();
        assert_eq!(bank.run_of(id), RETRYING);
        bank.live_through(id, &format!("{stop} {state}"));
        assert_eq!(bank.run_of(id), NO_RETRY, "{stop}");
        bank.deposit("more", "1000").unwrap();
        bank.assert_records_nothing();
    }
}

/// The cursor was past the close by then, or the payer had no money, which hid the payee.
#[test]
fn an_order_that_can_never_be_paid_ends_at_the_first_date_that_says_so() {
    type PayeeOf = fn(&Bank) -> Uuid;
    let payees: [(PayeeOf, &str, &str); 3] = rows! {
        (|bank| bank.bob.id, "account_closed", "declined"),
        (|_| NOWHERE, "account_not_found", "refused"),
        (|bank| bank.open_for(BOB, "USD").id, "currency_mismatch", "declined"),
    };
    for (payee, because, state) in payees {
        let bank = short_bank_on("2027-01-31");
        let id = bank.order("k", &json!({"to_account_id": payee(&bank)}));
        bank.deposit("more", "1000").unwrap();
        bank.close_payee();
        let last = bank.ledger().changes(0).unwrap().last().unwrap().sequence;
        bank.follow_up_to("accounts", last);
        bank.tick();
        assert_eq!(bank.run_of(id), format!("{state} {because}"));
        bank.assert_ended(id, because);
        bank.assert_records_nothing();
    }
}

/// The order is made on the first at eight, and has a date on each day from the second.
#[test]
fn what_passes_in_a_pause_is_skipped_what_was_due_before_waits_and_an_end_leaves_nothing() {
    let paused_lately = "day tick day disable tick paused day quiet day quiet day quiet enable \
                         tick 2-paid active day tick day tick day tick day tick day tick day tick \
                         day tick day tick day tick";
    let without_auth = "midnight midnight no-auth stuck hour disable auth day quiet day quiet \
                        paused enable tick 2-paid day tick";
    let caught_up = "disable midnight midnight midnight enable midnight midnight tick";
    let no_auth_for_days = "day no-auth stuck 0-paid active day stuck 0-paid active day stuck \
                            0-paid active auth tick";
    // To end an order again changes nothing.
    let ended_twice = "midnight midnight cancel month quiet cancelled cancel month quiet";
    for (count, story, state, dates) in rows! {
        (Some(9), paused_lately, "completed", &[2, 3, 7, 8, 9, 10][..]),
        // The owner was enabled while the bank was down: those dates are caught up.
        (None, caught_up, "active", &[5, 6]),
        (None, without_auth, "active", &[2, 3, 6]),
        (Some(2), without_auth, "completed", &[2, 3]),
        (Some(2), "disable tick month enable tick", "completed", &[]),
        (None, "disable tick paused close tick enable tick", "ended", &[]),
        (None, "disable tick paused cancel tick enable tick", "cancelled", &[]),
        (Some(1), no_auth_for_days, "completed", &[2]),
        (None, ended_twice, "cancelled", &[]),
        (Some(1), "day tick completed cancel", "completed", &[2]),
    } {
        let daily = json!({"start": "2027-01-02", "interval": "daily", "count": count});
        let (bank, id) = ordered(bank_on("2027-01-01"), daily);
        bank.live_through(id, &format!("{story} {state} {}-paid", dates.len()));
        let dates = dates.iter().map(|date| format!("2027-01-{date:02}"));
        assert_eq!(bank.paid(), dates.collect::<Vec<_>>(), "{story}");
        bank.assert_sound();
        if state != "active" {
            bank.assert_records_nothing();
        }
    }
}

/// The orders were made at the moment of disabling, when the cursor was past it.
#[test]
fn the_owner_is_looked_up_when_a_date_is_due_and_paused_once_in_a_pass() {
    let bank = bank_on("2027-01-15");
    bank.disable();
    bank.tick();
    let ids = ["a", "b", "c", "d"].map(|key| bank.order(key, &json!({})));
    bank.tick();
    bank.go_to(day("2027-01-31"));
    let (store, service) = bank.watched();
    assert_eq!(service.tick().unwrap().paid, 4);
    // They begin, their owner is paused, and the ledger's decisions are recorded.
    assert_eq!(store.take_endings(), [Ending::OnDisk; 3]);
    for id in ids {
        assert_eq!(bank.run_of(id), CUT_OFF);
        assert_eq!(bank.status(id), "paused");
    }
    bank.assert_records_nothing();
}

#[test]
fn without_auth_a_date_that_is_under_way_waits_too_and_an_end_does_not() {
    let bank = bank_on("2027-01-31");
    let [ended, waiting] = ["a", "b"].map(|key| bank.order(key, &json!({})));
    bank.link(LinkState::down());
    bank.tick();
    bank.cancel(ended).unwrap_err();
    bank.link(LinkState::Works);
    bank.service.users.is_down.set(true);
    bank.service.tick().unwrap_err();
    assert_eq!(bank.run_of(ended), CUT_OFF);
    assert_eq!(bank.run_of(waiting), OPEN);
    bank.service.users.is_down.set(false);
    bank.tick();
    assert_eq!(bank.run_of(waiting), POSTED);
}

#[test]
fn a_crash_while_changes_are_followed_leaves_them_to_the_next_tick() {
    for table in ["followed", "schedule"] {
        let (bank, id) = ordered(bank_on("2027-01-15"), json!({}));
        bank.close_payee();
        bank.crash_at_change_of(table);
        assert!(bank.service.tick().is_err());
        assert_eq!(bank.status(id), "active");
        bank.end_crash();
        bank.tick();
        bank.assert_ended(id, "account_closed");
    }
}

/// Copies the bank's one order, and makes a date of each that waits for a retry.
fn copy_with_retries(bank: &Bank, last: i64, owner: &str) {
    bank.copy_order(last, owner);
    bank.execute(
        "INSERT INTO schedule_run
             (schedule_id, due, attempts, transfer_id, state, decline_code, next_attempt_at_ms,
              retry_until_ms, begun_at_ms, changed_at_ms)
         SELECT id, '2027-01-15', 1, randomblob(16), 'retrying', 'insufficient_funds',
             next_due_at_ms, next_due_at_ms, 0, 0
         FROM schedule",
    );
}

/// Counts the rows that each commit which moves or holds a cursor has changed.
fn count_rows_of_commits(bank: &Bank) {
    bank.execute("CREATE TABLE counted (changed INTEGER)");
    bank.execute("CREATE TABLE commits (changed INTEGER)");
    for table in ["schedule", "schedule_run"] {
        bank.execute(&format!(
            "CREATE TRIGGER count_{table} AFTER UPDATE ON {table}
             BEGIN INSERT INTO counted VALUES (1); END"
        ));
    }
    bank.execute(
        "CREATE TRIGGER end_count AFTER UPDATE ON followed BEGIN
             INSERT INTO commits SELECT count(*) FROM counted;
             DELETE FROM counted;
         END",
    );
}

#[test]
fn what_becomes_of_many_orders_is_done_in_small_commits() {
    const LARGEST: &str = "SELECT max(changed) FROM commits";
    const LEFT: &str = "SELECT (SELECT count(*) FROM schedule WHERE state = 'active')
        + (SELECT count(*) FROM schedule_run WHERE state = 'retrying')";
    // 12,000 rows are more than one tick changes.
    let stops: [(i64, &str, Act, &str, u32); 3] = rows! {
        (6_000, "randomblob(16)", Bank::close_payee, "ended", 2),
        (4_000, "randomblob(16)", Bank::close_payer, "ended", 1),
        (2_000, "owner_id", Bank::disable, "paused", 1),
    };
    for (last, owner, stop, status, ticks_expected) in stops {
        let (bank, _) = ordered(bank_on("2027-01-15"), json!({}));
        copy_with_retries(&bank, last, owner);
        count_rows_of_commits(&bank);
        stop(&bank);
        let mut ticks = 0;
        while bank.number(LEFT) > 0 {
            assert_eq!(bank.tick(), Summary::default());
            ticks += 1;
        }
        assert_eq!(ticks, ticks_expected);
        let orders = last.unsigned_abs();
        assert_eq!(bank.number("SELECT sum(changed) FROM commits"), 2 * orders);
        let count = "SELECT count(*) FROM schedule WHERE state";
        let in_state = |state: &str| bank.number(&format!("{count} = '{state}'"));
        assert_eq!(in_state(status), orders);
        if status == "paused" {
            bank.enable();
            bank.tick();
            assert_eq!(in_state("active"), orders);
        }
        assert_eq!(bank.number(LARGEST), states::ROWS_PER_COMMIT_MAX);
    }
}

#[test]
fn nothing_begins_before_the_end_of_what_is_followed() {
    let (bank, _) = ordered(bank_on("2027-01-15"), json!({}));
    copy_with_retries(&bank, 6_000, "randomblob(16)");
    let other = bank.open_for(BOB, "EUR").id;
    let other = json!({"to_account_id": other, "start": "2027-01-15"});
    let other = bank.order("other", &other);
    bank.close_payee();
    assert_eq!(bank.tick().begun, 0);
    assert_json!(bank.show(other), {"runs": 0});
    assert_eq!(bank.tick().begun, 1);
    assert_eq!(bank.run_of(other), POSTED);
    bank.go_to(day("2027-02-15"));
    for _ in 0..11_000 {
        bank.change_alice(ChangeKind::Other);
    }
    assert_eq!([(); 3].map(|()| bank.tick().begun), [0, 1, 0]);
}

/// The store of accounts, or of users, is an older one, and other changes come where the cursor is.
#[test]
fn a_log_that_is_shorter_than_what_was_followed_is_followed_from_its_beginning() {
    let stops: [(&str, Act, &str); 2] = rows! {
        ("accounts", Bank::close_payee, "ended"),
        ("users", Bank::disable, "paused"),
    };
    for (source, stop, status) in stops {
        let (bank, id) = ordered(bank_on("2027-01-15"), json!({}));
        bank.follow_up_to(source, 1_000);
        stop(&bank);
        bank.go_to(day("2027-02-15"));
        assert_eq!([(); 2].map(|()| bank.tick()), [Summary::default(); 2]);
        assert_eq!(bank.status(id), status);
        bank.assert_records_nothing();
    }
}

#[test]
fn what_stops_orders_is_found_by_an_index_and_reads_no_run_that_is_over() {
    let bank = bank_on("2027-01-15");
    for (sql, parameters) in rows! {
        (states::END_OF_ACCOUNT, 3), (states::CANCEL_RETRIES_OF_ACCOUNT, 4), (states::PAUSE, 3),
        (states::CANCEL_RETRIES_OF_OWNER, 3), (run_rows::CANCEL_RETRIES, 2),
    } {
        let nulls = vec![strongroom_sdk::store::Value::Null; parameters];
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        for step in bank.service.store.query(&explain, &nulls).unwrap() {
            let step = step.text(3).unwrap();
            // `schedule_run` or `run`, its name in the statements.
            let reads_runs = step.contains("run ");
            let is_narrow = step.contains("schedule_run_retrying") || step.contains("rowid");
            assert!(!step.starts_with("SCAN"), "{sql}: {step}");
            assert!(!reads_runs || is_narrow, "{sql}: {step}");
        }
    }
}
