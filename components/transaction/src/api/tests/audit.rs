//! Goal: whoever changes what clients were told, or what standing orders and webhooks have done, is found, and the row is named.
//! Method: a bank with rows of every kind is audited, after each of many changes that somebody with the file in hand could make.

use super::movement::id_of;
use super::*;
use crate::audit::{AuditError, check_invariants as audit};
use crate::event::Journal;
use crate::schedule::{self, ScheduleBody};
use crate::webhook::{self, Act, Secret, Webhook};
use strongroom_sdk::audit::Report;
use strongroom_sdk::audit_log::Actor;

const HOUR_MS: i64 = 3_600 * 1_000;

impl Journal for LocalLedger {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        if self.cut.get() == Cut::Before {
            return Err(LedgerError::Unavailable("cut".to_owned()));
        }
        let postings = account_ledger::journal(&self.store, after as i64, limit).unwrap();
        Ok(postings.into_iter().map(from_account).collect())
    }
}

/// A bank that has done everything that it does, some of it in halves.
fn busy() -> Bank {
    let bank = bank();
    move_money(&bank);
    order_payments(&bank);
    follow_with_a_webhook(&bank);
    // Decided, but not known here.
    bank.cut(Cut::After);
    bank.send("open-decided", "5").unwrap_err();
    // Never decided.
    bank.cut(Cut::Before);
    bank.send("open", "6").unwrap_err();
    bank.batch("open-batch", false, &["7", "8"]).unwrap_err();
    bank.cut(Cut::Nowhere);
    bank
}

fn move_money(bank: &Bank) {
    let sent = bank.send("sent", "30").unwrap();
    bank.send("too-much", "3000").unwrap();
    let body = json!({"account_id": bank.bob.id, "amount": "1", "currency": "EUR"});
    let body: WithdrawBody = serde_json::from_value(body).unwrap();
    withdraw(
        &bank.service,
        &identity(BOB, Role::Customer),
        RequestId::default(),
        key("w"),
        body,
    )
    .unwrap();
    let captured = bank.hold("captured", "4").unwrap();
    bank.capture("capture", id_of(&captured), Some("3"))
        .unwrap();
    let voided = bank.hold("voided", "2").unwrap();
    void(&bank.service, &alice(), key("void"), id_of(&voided)).unwrap();
    bank.hold("expired", "2").unwrap();
    bank.reverse("reversal", id_of(&sent)).unwrap();
    let mut bad = bank.body("1");
    bad["to_account_id"] = json!(Uuid::from_u128(99));
    let lines = vec![bank.body("1"), bad, bank.body("4000"), json!({"amount": 1})];
    bank.batch_of("batch", false, lines).unwrap();
    bank.batch("whole", true, &["1", "2"]).unwrap();
    bank.batch("declined-whole", true, &["1", "5000"]).unwrap();
    bank.wait(120_000);
    assert_eq!(bank.expire(), 1);
}

/// Standing orders whose runs are posted, declined, tried again, refused, and cancelled.
fn order_payments(bank: &Bank) {
    let order = |key_text: &str, changes: Value| -> Uuid {
        let mut body = json!({"from_account_id": bank.alice.id, "to_account_id": bank.bob.id, "amount": "1", "currency": "EUR",
            "start": "2027-01-15", "interval": "daily"});
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        let body: ScheduleBody =
            strongroom_sdk::json::from_slice(body.to_string().as_bytes()).unwrap();
        let answer = create_schedule(&bank.service, &alice(), &key(key_text), body).unwrap();
        id_of(&answer)
    };
    order("paid", json!({"count": 2}));
    order("too-dear", json!({"amount": "900"}));
    let retry = json!({"amount": "800", "on_insufficient_funds": "retry"});
    order("retried", retry.clone());
    let cancelled = order("cancelled", retry);
    order(
        "refused",
        json!({"to_account_id": null, "to_account_number": "DE02120300000000202051"}),
    );
    let Service {
        store,
        ledger,
        clock,
        ..
    } = &bank.service;
    let tick = || schedule::tick(store, ledger, clock, DEADLINE_MS).unwrap();
    assert_eq!(tick().settled, 5);
    delete_schedule(&bank.service, &alice(), cancelled).unwrap();
    bank.wait(HOUR_MS);
    assert_eq!(tick().settled, 1);
    bank.wait(24 * HOUR_MS);
    tick();
    let states = "SELECT count(DISTINCT state) FROM schedule_run";
    let states = store.query(states, &[]).unwrap().first().unwrap();
    assert_eq!(states.integer(0).unwrap(), 5);
}

fn follow_with_a_webhook(bank: &Bank) {
    let webhook = Webhook {
        key: 1,
        id: Uuid::from_u128(1),
        fingerprint: [1; 32],
        url: "https://hooks.example/in".to_owned(),
        secret: Secret::new(vec![1; 32]),
        events: None,
        created_by: TELLER,
        created_at_ms: 1,
        cursor: 0,
        is_deleted: false,
    };
    let store = &bank.service.store;
    let transaction = store.begin().unwrap();
    let act = Act {
        actor: Actor {
            id: TELLER,
            request_id: Some("r-9".to_owned()),
        },
        clock: &bank.service.clock,
        random: &SystemRandom,
    };
    assert!(act.insert(&transaction, &webhook).unwrap());
    transaction.commit().unwrap();
    let now_ms = bank.service.clock.now_ms();
    webhook::follow(store, &bank.service.ledger, &[webhook], now_ms).unwrap();
}

fn report(bank: &Bank) -> Report {
    let Service {
        store,
        ledger,
        clock,
        ..
    } = &bank.service;
    audit(store, ledger, clock).unwrap()
}

fn violations(bank: &Bank) -> Vec<String> {
    let report = report(bank);
    let violations = report.violations();
    violations.map(|(_, text)| text.to_owned()).collect()
}

fn total(bank: &Bank, name: &str) -> String {
    let report = report(bank);
    let mut totals = report.totals.into_iter();
    totals.find(|total| total.name == name).unwrap().value
}

/// Runs statements as somebody with the file in hand would: past triggers and checks.
fn tamper(store: &SqliteStore, statements: &[&str]) {
    let transaction = store.begin().unwrap();
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    for trigger in transaction.query(triggers, &[]).unwrap() {
        let drop = format!("DROP TRIGGER {}", trigger.text(0).unwrap());
        transaction.execute(&drop, &[]).unwrap();
    }
    transaction
        .execute("PRAGMA ignore_check_constraints = ON", &[])
        .unwrap();
    for statement in statements {
        let changed = transaction.execute(statement, &[]).unwrap();
        assert!(
            changed > 0 || !statement.starts_with("UPDATE"),
            "{statement}"
        );
    }
    transaction.commit().unwrap();
}

#[test]
fn a_bank_with_business_of_every_kind_is_sound() {
    let bank = busy();
    let report = report(&bank);
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
    assert!(
        report.checks.iter().all(|check| check.examined > 0),
        "{report:?}"
    );
    assert_eq!(total(&bank, "requests without an answer"), "3");
    assert_eq!(total(&bank, "of these past their deadline"), "0");
}

/// What the ledger did since this store's snapshot was taken, or for requests that are no longer kept, contradicts nothing.
#[test]
fn a_ledger_that_has_gone_on_contradicts_nothing() {
    let bank = busy();
    let store = &bank.service.store;
    tamper(store, &["CREATE TABLE earlier AS SELECT * FROM intent"]);
    bank.send("later", "1").unwrap();
    bank.wait(40_000);
    bank.tick();
    tamper(
        store,
        &[
            "DELETE FROM intent",
            "INSERT INTO intent SELECT * FROM earlier",
        ],
    );
    assert_eq!(total(&bank, "requests without an answer"), "3");
    assert_eq!(violations(&bank), Vec::<String>::new());
    tamper(store, &["DELETE FROM intent"]);
    assert_eq!(violations(&bank), Vec::<String>::new());
}

#[test]
fn each_changed_request_is_found_and_named() {
    for (change, words) in [
        (
            r#"UPDATE intent SET body = replace(body, '"amount":"30.00"', '"amount":"31.00"') WHERE idempotency_key = 'sent'"#,
            r#"was answered `amount`: "31.00", and the ledger says "30.00""#,
        ),
        (
            "UPDATE intent SET status = 200 WHERE idempotency_key = 'sent'",
            "was answered 200, and the ledger's decision is answered 201",
        ),
        (
            "UPDATE intent SET body = replace(body, 'insufficient_funds', 'account_closed') WHERE idempotency_key = 'too-much'",
            "was answered `code`",
        ),
        (
            "UPDATE intent SET status = 201, body = (SELECT body FROM intent WHERE idempotency_key = 'sent')
             WHERE idempotency_key = 'too-much'",
            "was answered 201, and the ledger's decision is answered 422",
        ),
        (
            "UPDATE intent SET body = body || ' ' WHERE idempotency_key = 'capture'",
            "is written differently",
        ),
        (
            "UPDATE intent SET body = 'paid' WHERE idempotency_key = 'void'",
            "is no JSON object",
        ),
        (
            "UPDATE intent SET state = 'final', request = NULL, status = 201, body = '{}' WHERE idempotency_key = 'open'",
            "was answered, and the ledger has nothing under its id",
        ),
        (
            "UPDATE intent SET state = 'final', request = NULL, status = 201, body = '{\"atomic\":false,\"outcomes\":[{\"status\":\"posted\"}]}'
             WHERE idempotency_key = 'open-batch'",
            "the ledger has nothing of its line 0",
        ),
        (
            "UPDATE intent SET request = '{}' WHERE idempotency_key = 'reversal'",
            "is half open and half answered",
        ),
        (
            "UPDATE intent SET request = NULL WHERE idempotency_key = 'open'",
            "column 4 is NULL",
        ),
        (
            "UPDATE intent SET principal_id = zeroblob(16) WHERE idempotency_key = 'w'",
            "its id is not made of its principal, route, and key",
        ),
        (
            "UPDATE intent SET idempotency_key = 'other' WHERE idempotency_key = 'open'",
            "its id is not made of",
        ),
        (
            "UPDATE intent SET route = 'withdraw' WHERE route = 'deposit'",
            "its id is not made of",
        ),
        (
            "UPDATE intent SET id = randomblob(16) WHERE idempotency_key = 'sent'",
            "the ledger has nothing under its id",
        ),
        (
            "UPDATE intent SET fingerprint = zeroblob(32) WHERE idempotency_key = 'captured'",
            "the ledger has decided another request under its id",
        ),
        (
            "UPDATE intent SET fingerprint = zeroblob(32) WHERE idempotency_key = 'open'",
            "its request is not what was asked first",
        ),
        (
            r#"UPDATE intent SET request = replace(request, '"amount_minor":500', '"amount_minor":600') WHERE idempotency_key = 'open-decided'"#,
            "its request is not what was asked first",
        ),
        (
            r#"UPDATE intent SET request = replace(request, '"amount_minor":800', '"amount_minor":1') WHERE idempotency_key = 'open-batch'"#,
            "its request is not what was asked first",
        ),
        (
            r#"UPDATE intent SET body = replace(body, '"amount":"2.00"', '"amount":"3.00"') WHERE idempotency_key = 'whole'"#,
            "was answered `outcomes`",
        ),
        (
            r#"UPDATE intent SET body = replace(body, '"status":"posted","index":1', '"status":"refused","index":1') WHERE idempotency_key = 'whole'"#,
            "its line 1 was told to be refused, and was posted",
        ),
        (
            "UPDATE intent SET body = '{}' WHERE idempotency_key = 'declined-whole'",
            "its answer is none to a batch",
        ),
    ] {
        let bank = busy();
        tamper(&bank.service.store, &[change]);
        let found = violations(&bank);
        assert!(
            found
                .iter()
                .any(|text| text.starts_with("intent ") && text.contains(words)),
            "{change}: {found:?}"
        );
    }
}

#[test]
fn each_changed_order_or_payment_is_found_and_named() {
    let without_unique = [
        "CREATE TABLE copied AS SELECT * FROM schedule_run",
        "DROP TABLE schedule_run",
        "CREATE TABLE schedule_run AS SELECT * FROM copied",
    ];
    let doubled = "INSERT INTO schedule_run SELECT sequence + 100, schedule_id, due, attempts, transfer_id, state, decline_code,
        next_attempt_at_ms, retry_until_ms, changed_at_ms FROM copied WHERE state = 'posted' LIMIT 1";
    let stranger = "UPDATE schedule_run SET schedule_id = randomblob(16) WHERE state = 'declined'";
    let [with_double, with_stranger] = [doubled, stranger]
        .map(|last| without_unique.into_iter().chain([last]).collect::<Vec<_>>());
    for (changes, words) in [
        (with_double.as_slice(), "has no such date, or had it before"),
        (
            &["DELETE FROM schedule_run WHERE state = 'posted'"],
            "dates are behind, and",
        ),
        (
            &[
                "UPDATE schedule_run SET due = '2027-02-01' WHERE due = '2027-01-16' AND state = 'posted'",
            ],
            "has no such date",
        ),
        (
            &[
                "UPDATE schedule_run SET transfer_id = randomblob(16) WHERE state = 'posted' AND due = '2027-01-15'",
            ],
            "is over, and the ledger has nothing under transfer",
        ),
        (
            &[
                "UPDATE schedule_run SET transfer_id = zeroblob(16) WHERE state = 'refused' AND due = '2027-01-15'",
            ],
            "is not that of schedule",
        ),
        (
            &["UPDATE schedule_run SET attempts = 9 WHERE state = 'declined'"],
            "is not that of schedule",
        ),
        (
            &[
                "UPDATE schedule_run SET state = 'declined', decline_code = 'insufficient_funds' WHERE state = 'posted'",
            ],
            "is declined, and the ledger has decided otherwise",
        ),
        (
            &[
                "UPDATE schedule_run SET state = 'posted', decline_code = NULL WHERE state = 'declined'",
            ],
            "is posted, and the ledger has decided otherwise",
        ),
        (
            &["UPDATE schedule_run SET decline_code = 'account_closed' WHERE state = 'cancelled'"],
            "is cancelled, and the ledger has decided otherwise",
        ),
        (
            &[
                "UPDATE schedule_run SET state = 'refused', decline_code = 'account_not_found' WHERE state = 'posted'",
            ],
            "is refused, and the ledger has decided its transfer",
        ),
        (
            &[
                "UPDATE schedule_run SET state = 'posted', decline_code = NULL WHERE state = 'refused'",
            ],
            "is over, and the ledger has nothing under transfer",
        ),
        (
            &["UPDATE schedule_run SET decline_code = NULL WHERE state = 'declined'"],
            "contradict each other",
        ),
        (with_stranger.as_slice(), "there is no schedule"),
        (
            &[
                r#"UPDATE schedule SET request = replace(request, '"amount_minor":90000', '"amount_minor":1')"#,
            ],
            "is not what was asked for",
        ),
        (
            &["UPDATE schedule SET request = '{}' WHERE sequence = 1"],
            "schedule 1",
        ),
        (
            &["UPDATE schedule SET dates_behind = dates_behind + 1 WHERE state = 'cancelled'"],
            "dates are behind, and 1 were begun",
        ),
        (
            &["UPDATE schedule SET state = 'active', next_due_at_ms = 0 WHERE state = 'completed'"],
            "are not those of its dates",
        ),
        (
            &["UPDATE schedule SET next_due_at_ms = next_due_at_ms + 1 WHERE state = 'active'"],
            "are not those of its dates",
        ),
    ] as [(&[&str], &str); 18]
    {
        let bank = busy();
        tamper(&bank.service.store, changes);
        let found = violations(&bank);
        assert!(
            found
                .iter()
                .any(|text| text.starts_with("schedule ") && text.contains(words)),
            "{changes:?}: {found:?}"
        );
    }
}

#[test]
fn a_webhook_ahead_of_the_journal_is_found_and_named() {
    for (change, words) in [
        (
            "UPDATE webhook SET cursor = cursor + 100",
            "webhook 1: stands at",
        ),
        (
            "UPDATE webhook SET cursor = 3",
            "is not one of that webhook, or not yet",
        ),
        (
            "UPDATE webhook_delivery SET sequence = sequence + 100 WHERE sequence = 1",
            "webhook delivery 101 of webhook 1",
        ),
        (
            "UPDATE webhook_delivery SET state = 'delivered' WHERE sequence = 1",
            "webhook delivery 1 of webhook 1",
        ),
    ] {
        let bank = busy();
        tamper(&bank.service.store, &[change]);
        let found = violations(&bank);
        assert!(
            found.iter().any(|text| text.contains(words)),
            "{change}: {found:?}"
        );
    }
}

#[test]
fn a_webhook_that_nobody_made_or_whose_making_is_told_otherwise_is_found_and_named() {
    const IS_NOT: &str =
        "webhook 1 (00000000-0000-0000-0000-000000000001): is not what the audit log made of it";
    for (change, words) in [
        (
            "UPDATE webhook SET url = 'https://elsewhere.example/'",
            IS_NOT,
        ),
        ("UPDATE webhook SET events = '[]'", IS_NOT),
        ("UPDATE webhook SET created_by = zeroblob(16)", IS_NOT),
        (
            "UPDATE webhook SET deleted_at_ms = 1, secret = zeroblob(0)",
            IS_NOT,
        ),
        (
            "INSERT INTO webhook (id, fingerprint, url, secret, created_by, created_at_ms, cursor)
             SELECT zeroblob(16), fingerprint, url, secret, created_by, created_at_ms, cursor FROM webhook",
            "webhook 2 (00000000-0000-0000-0000-000000000000): is not what",
        ),
        ("UPDATE webhook SET id = zeroblob(16)", "tells of it, and it is not there"),
        ("INSERT INTO webhook (key, id, fingerprint, url, secret, created_by, created_at_ms, cursor)
             SELECT -1, zeroblob(16), fingerprint, url, secret, created_by, created_at_ms, cursor FROM webhook", "webhook -1 ("),
        ("UPDATE webhook SET events = 'none'", "webhook 1: "),
        (
            "UPDATE audit_log SET request_id = 'r-1'",
            "it is not what its hash was made of",
        ),
        ("DELETE FROM audit_log", IS_NOT),
        (
            "DELETE FROM audit_chain",
            "the log ends at event 0, and its head says something else",
        ),
    ] {
        let bank = busy();
        tamper(&bank.service.store, &[change]);
        let found = violations(&bank);
        assert!(
            found.iter().any(|text| text.contains(words)),
            "{change}: {found:?}"
        );
    }
}

#[test]
fn webhooks_of_before_there_was_a_log_are_told_of_at_the_next_start() {
    let bank = bank();
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, &MIGRATIONS[..5]).unwrap();
    let transaction = store.begin().unwrap();
    for (id, deleted, secret) in [(1, "NULL", "x'01'"), (2, "7", "x''")] {
        let insert = format!(
            "INSERT INTO webhook (id, fingerprint, url, secret, created_by, created_at_ms, cursor, deleted_at_ms)
             VALUES (?1, zeroblob(32), 'https://hooks.example/', {secret}, zeroblob(16), 1, 0, {deleted})"
        );
        let id = Uuid::from_u128(id);
        transaction.execute(&insert, &[id.into()]).unwrap();
    }
    transaction.commit().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let (ledger, clock) = (&bank.service.ledger, &bank.service.clock);
    let violations = || {
        let report = audit(&store, ledger, clock).unwrap();
        let found = report.violations();
        found.map(|(_, text)| text.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(violations().len(), 2);
    for _ in 0..2 {
        webhook::tell_untold(&store, clock, &SystemRandom).unwrap();
        assert_eq!(violations(), Vec::<String>::new());
    }
    let told = store.query(
        "SELECT action FROM audit_log ORDER BY target, action, id",
        &[],
    );
    let told: Vec<_> = told
        .unwrap()
        .into_iter()
        .map(|row| row.text(0).unwrap())
        .collect();
    assert_eq!(
        told,
        ["webhook.created", "webhook.created", "webhook.deleted"]
    );
    tamper(
        &store,
        &["UPDATE webhook SET url = 'https://elsewhere.example/'"],
    );
    assert_eq!(violations().len(), 2);
}

#[test]
fn what_the_ledger_has_lost_is_found_and_named() {
    for (kind, words) in [
        ("withdrawal", "intent "),
        ("capture", "intent "),
        ("deposit", "intent "),
    ] {
        let bank = busy();
        let lost = format!("DELETE FROM transfer WHERE kind = '{kind}'");
        tamper(&bank.service.ledger.store, &[&lost]);
        let found = violations(&bank);
        let lost = "was answered, and the ledger has nothing under its id";
        assert!(
            found
                .iter()
                .any(|text| text.starts_with(words) && text.contains(lost)),
            "{kind}: {found:?}"
        );
    }
}

#[test]
fn a_date_that_was_paid_and_tried_again_is_found() {
    let bank = busy();
    // The first of two attempts, which was declined, becomes a payment.
    let metadata = "UPDATE transfer SET status = 'posted', decline_code = NULL
        WHERE sequence = (SELECT min(sequence) FROM transfer WHERE amount_minor = 80000 AND status = 'declined')";
    tamper(&bank.service.ledger.store, &[metadata]);
    let found = violations(&bank);
    assert!(
        found
            .iter()
            .any(|text| text.contains("was tried again after its attempt 1 had been posted")),
        "{found:?}"
    );
}

#[test]
fn what_is_open_past_its_deadline_is_told_and_is_a_fault_once_the_service_has_gone_on() {
    let bank = busy();
    bank.wait(40 * 24 * HOUR_MS);
    assert_eq!(total(&bank, "of these past their deadline"), "3");
    assert_eq!(violations(&bank), Vec::<String>::new());
    // The service works again, and for longer than it takes to give them up.
    bank.send("later", "1").unwrap();
    let found = violations(&bank);
    let open = ["was not given up, though later requests were answered"; 3];
    assert_eq!(found.len(), open.len(), "{found:?}");
    assert!(
        found
            .iter()
            .zip(open)
            .all(|(text, words)| text.contains(words)),
        "{found:?}"
    );
    bank.tick();
    assert_eq!(total(&bank, "requests without an answer"), "0");
    assert_eq!(violations(&bank), Vec::<String>::new());
}

#[test]
fn without_the_ledger_nothing_is_proven() {
    let bank = busy();
    bank.cut(Cut::Before);
    let Service {
        store,
        ledger,
        clock,
        ..
    } = &bank.service;
    let error = audit(store, ledger, clock).unwrap_err();
    assert!(matches!(error, AuditError::Ledger(_)), "{error}");
    assert_eq!(error.to_string(), "the ledger: unavailable: cut");
}

/// More rows than a page of the journal; and requests that seem to be younger than it, as the clock once went back.
#[test]
fn everything_is_met_however_long_the_journal_is_and_whatever_its_times() {
    let bank = bank();
    for round in 0..5 {
        let amounts = ["0.01"; 300];
        bank.batch(&format!("batch-{round}"), false, &amounts)
            .unwrap();
        bank.send(&format!("sent-{round}"), "0.01").unwrap();
    }
    let store = &bank.service.store;
    for change in [
        "UPDATE intent SET created_at_ms = created_at_ms",
        "UPDATE intent SET created_at_ms = created_at_ms + 86400000",
    ] {
        tamper(store, &[change]);
        let report = report(&bank);
        assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
        let mut checks = report.checks.iter();
        let answers = checks.find(|check| check.name.starts_with("every request was answered"));
        // The opening deposit, the transfers, and the batches.
        assert_eq!(answers.unwrap().examined, 11);
    }
    let lost = "UPDATE intent SET id = randomblob(16) WHERE idempotency_key = 'sent-4'";
    tamper(store, &[lost]);
    assert!(
        violations(&bank)
            .iter()
            .any(|text| text.contains("the ledger has nothing under its id"))
    );
}
