//! Goal: nothing of an order is paid after its end, and the log has who made it and who ended it.

use super::*;

impl Bank {
    /// The audit log, newest first.
    fn logged(&self, query: &str) -> Vec<Value> {
        let page = Page::from_query("/", query).unwrap();
        let auditor = auditor().try_into().unwrap();
        let log = self.service.schedule_events(&auditor, &page).unwrap();
        log.data.iter().map(|event| json!(event)).collect()
    }
}

#[test]
fn who_may_see_and_end_a_standing_order() {
    for (who, is_listed, is_shown, end) in rows! {
        (alice(), true, true, "204"), (Identity::of_user(ALICE, Role::Teller), true, true, "204"),
        (bob(), false, false, "404 not_found"), (auditor(), false, true, "403 forbidden"),
        (teller(), false, true, "204"), (admin(), false, true, "204"),
    } {
        let (bank, id) = ordered(bank_on("2027-01-15"), json!({}));
        let page = Page::from_query("/", "").unwrap();
        let list = bank.service.list_schedules(&who, &page).unwrap();
        assert_eq!(list.data.len(), usize::from(is_listed), "{who:?}");
        let shown = bank.service.get_schedule(&who, id);
        assert_eq!(shown.is_ok(), is_shown, "{who:?}");
        let ended = bank.cancel_as(&who, id);
        let answer = ended.map_or_else(|problem| words_of(&problem), |()| "204".to_owned());
        assert_eq!(answer, end, "{who:?}");
        let (status, events) = match end {
            "204" => ("cancelled", 2),
            _ => ("active", 1),
        };
        assert_eq!(bank.status(id), status, "{who:?}");
        assert_eq!(bank.logged("").len(), events, "{who:?}");
        bank.assert_sound();
    }
}

#[test]
fn the_audit_log_says_who_has_ended_an_order_and_in_which_request() {
    let bank = bank_on("2027-01-31");
    let [ended, own, open] = ["a", "b", "c"].map(|key| bank.order(key, &json!({"count": 1})));
    bank.link(LinkState::down());
    bank.tick();
    // The end holds, although what is under way cannot be cancelled yet.
    let waiting = bank.cancel_as(&teller(), ended);
    assert_eq!(refusal(waiting), "503 service_unavailable");
    bank.link(LinkState::Works);
    bank.cancel(own).unwrap();
    // To end an order again changes nothing, and is not logged.
    for id in [ended, ended, own] {
        bank.cancel_as(&teller(), id).unwrap();
    }
    assert_eq!(bank.run_of(ended), CUT_OFF);
    let log = bank.logged(&format!("schedule_id={ended}"));
    let expected = json!({
        "sequence": 4, "schedule_id": ended, "action": "schedule.cancelled", "actor_id": TELLER,
        "actor_role": "teller", "on_behalf_of": null, "request_id": REQUEST_ID,
        "old_value": "completed", "new_value": "cancelled", "created_at": "2027-01-31T08:00:00.000Z", "hash": log[0]["hash"],
    });
    assert_eq!((log.len(), &log[0]), (2, &expected));
    assert_json!(bank.logged("")[0], {
        "sequence": 5, "schedule_id": own, "action": "schedule.cancelled", "actor_id": ALICE,
        "actor_role": "customer",
    });
    assert_eq!(bank.logged(&format!("schedule_id={open}")).len(), 1);
    bank.tick();
    bank.assert_sound();
}

#[test]
fn the_audit_log_says_which_client_has_made_and_ended_an_order_for_its_owner() {
    let bank = bank_on("2027-01-31");
    let client = client(Some(ALICE));
    let body = bank.order_body(&json!({}));
    let made = bank.request(&client, Call::Schedule, "k", &body).unwrap();
    bank.request(&client, Call::Schedule, "k", &body).unwrap();
    bank.cancel_as(&client, id_of(&made)).unwrap();
    let log = bank.logged("");
    assert_eq!(log.len(), 2);
    for (event, action) in log.iter().zip(["schedule.cancelled", "schedule.created"]) {
        assert_json!(event, {"action": action, "actor_id": client.client});
        assert_json!(event, {"on_behalf_of": ALICE, "request_id": REQUEST_ID});
        assert_eq!(event["actor_role"], "service");
    }
    assert_json!(log[0], {"old_value": "active", "new_value": "cancelled"});
    let facts: Value = serde_json::from_str(log[1]["new_value"].as_str().unwrap()).unwrap();
    assert_json!(facts, {"owner_id": ALICE});
    assert_json!(facts["order"]["plan"], {"start": "2027-01-31", "interval": "monthly"});
    bank.assert_sound();
}

#[test]
fn an_end_is_on_disk_before_the_ledger_is_asked() {
    let bank = bank_on("2027-01-31");
    let (id, _) = bank.cut_off_order("k", &json!({}));
    let (store, service) = bank.watched();
    let watched = store.clone();
    let meanwhile = bank.interrupt(Moment::BeforeDecision, move |bank| {
        (watched.take_endings(), bank.status(id))
    });
    super::cancel(&service, id, Actor::BANK).unwrap();
    let ended = (vec![Ending::OnDisk], "cancelled".to_owned());
    assert_eq!(meanwhile.take().unwrap(), ended);
    assert_eq!(store.take_endings(), [Ending::OnDisk]);
}

#[test]
fn the_end_records_what_was_paid() {
    let (bank, id) = ordered(bank_on("2027-01-31"), json!({}));
    bank.link(LinkState::LosesReplies);
    bank.tick();
    bank.link(LinkState::Works);
    bank.cancel(id).unwrap();
    assert_eq!(bank.run_of(id), POSTED);
    bank.wait(DAY_MS);
    assert_eq!(bank.tick(), Summary::default());
    assert_eq!(bank.paid(), ["2027-01-31"]);
}

#[test]
fn without_the_ledger_the_end_is_503_and_a_later_tick_cancels_what_was_under_way() {
    for cut in [LinkState::down(), LinkState::LosesReplies] {
        let bank = bank_on("2027-01-31");
        let (id, transfer) = bank.cut_off_order("k", &json!({}));
        bank.link(cut);
        for _ in 0..2 {
            assert_eq!(bank.cancel(id).unwrap_err().status(), 503);
            assert_json!(bank.show(id), {"status": "cancelled", "last_run": {"status": "pending"}});
        }
        bank.link(LinkState::Works);
        assert_eq!(bank.tick().paid, 1);
        assert_eq!(bank.run_of(id), CUT_OFF);
        assert_eq!(bank.post_late(&transfer), Some(Decline::Cancelled));
        bank.cancel(id).unwrap();
        assert_eq!(bank.bob_has(), 0);
    }
}

#[test]
fn an_end_during_the_tick_comes_before_the_payment_or_after_it() {
    for policy in ["skip", "retry"] {
        for (moment, run, paid) in [
            (Moment::BeforeDecision, CUT_OFF, 0),
            (Moment::AfterDecision, POSTED, 1),
        ] {
            let bank = bank_on("2027-01-31");
            let id = bank.order("k", &json!({"on_insufficient_funds": policy}));
            let ended = bank.interrupt(moment, move |bank| bank.cancel(id));
            bank.tick();
            assert!(ended.take().unwrap().is_ok());
            assert_eq!(bank.run_of(id), run);
            bank.wait(60 * DAY_MS);
            assert_eq!(bank.tick(), Summary::default());
            assert_eq!(bank.paid().len(), paid);
            bank.assert_sound();
        }
    }
}

/// The end is committed. Then the tick records what it heard before the end cancels the run.
#[test]
fn an_end_that_the_tick_overtakes_contradicts_nothing_and_pays_nothing() {
    let gone = LinkState::Fails(LedgerError::AccountNotFound(Side::DestinationNumber));
    for (heard, run) in rows! {
        (gone, "refused account_not_found"), (LinkState::Works, NO_RETRY),
    } {
        let bank = short_bank_on("2027-01-31");
        let (id, _) = bank.cut_off_order("k", &json!({"on_insufficient_funds": "retry"}));
        bank.link(heard);
        let open = run_rows::open(&bank.service.store, None, 1).unwrap();
        let pass = pay(&bank.service.ledger, open, |_| Ok(Action::Post));
        bank.link(LinkState::Works);
        bank.interrupt(Moment::BeforeDecision, move |bank| {
            let service = &bank.service;
            record(&service.store, &pass, service.clock.now_ms()).unwrap();
        });
        bank.cancel(id).unwrap();
        assert_eq!(bank.run_of(id), run);
        bank.assert_sound();
        bank.deposit("more", "1000").unwrap();
        for _ in 0..3 {
            bank.wait(DAY_MS);
            bank.tick();
        }
        assert!(bank.paid().is_empty());
        bank.assert_sound();
    }
}
