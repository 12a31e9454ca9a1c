//! Test events.

use super::*;
use crate::webhook::TESTED;

#[test]
fn a_test_event_is_sent_signed_whichever_events_are_wanted() {
    let bank = Bank::new();
    let body = json!({"url": URL, "events": ["transfer.declined"]});
    let id = bank.make("k", body);
    let result = bank.test(id).unwrap();
    assert_json!(result, {"delivered": true, "response_status": 204, "error": null});
    let got = bank.0.client.got.borrow();
    assert_eq!(got.len(), 1);
    let post = &got[0];
    assert_eq!(header(post, "webhook-id"), result["id"]);
    let secret = bank.stored(id).secret;
    let signature = secret.sign(header(post, "webhook-id"), NOON_MS / 1_000, &post.body);
    assert_eq!(header(post, "webhook-signature"), signature);
    let event: Value = serde_json::from_slice(&post.body).unwrap();
    let expected = json!({
        "sequence": 0, "type": "webhook.test", "created_at": "2027-01-15T08:00:00.000Z",
        "data": {"webhook_id": id},
    });
    assert_eq!(event, expected);
    assert_eq!(bank.deliveries(id), json!([]));
}

#[test]
fn the_response_says_what_the_receiver_returned_or_why_it_did_not() {
    let (bank, id) = Bank::with_webhook();
    for (response, status, error) in rows! {
        (Ok(200), json!(200), json!(null)),
        (Ok(302), json!(302), json!(null)),
        (Ok(500), json!(500), json!(null)),
        (Err(SendError::TimedOut), json!(null), json!("no answer in time")),
    } {
        let is_delivered = response == Ok(200);
        bank.respond(response);
        let result = bank.test(id).unwrap();
        assert_json!(result, {"delivered": is_delivered, "response_status": status, "error": error});
    }
    let log = bank.logged("");
    assert_eq!(log.len(), 5);
    for (record, result) in log.iter().zip(["no answer in time", "500", "302", "200"]) {
        assert_json!(record, {"action": TESTED, "new_value": result});
    }
}

#[test]
fn a_receiver_that_is_gone_ends_its_webhook_at_a_test_too() {
    let (bank, id) = Bank::with_webhook();
    bank.send(1, Ok(500));
    bank.respond(Ok(410));
    assert_json!(bank.test(id).unwrap(), {"delivered": false, "response_status": 410});
    assert_json!(bank.read(id).unwrap(), {"status": "ended"});
    assert_json!(bank.deliveries(id)[0], {"status": "dead"});
    assert_eq!(bank.logged("")[0]["action"], ENDED);
    assert_eq!(refusal(bank.test(id)), "409 webhook_ended");
    bank.delete(id).unwrap();
    assert_eq!(refusal(bank.test(id)), "404 not_found");
}
