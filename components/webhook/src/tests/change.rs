//! Changing a webhook's URL and events.

use super::*;

#[test]
fn a_change_is_what_is_sent_and_where_from_then_on() {
    let bank = Bank::new();
    let id = bank.make("k", json!({"url": URL, "events": ["transfer.declined"]}));
    bank.send(2, Ok(204));
    let changed = bank.change(id, &json!({"url": ELSEWHERE})).unwrap();
    assert_json!(changed, {"id": id, "url": ELSEWHERE, "events": ["transfer.declined"]});
    bank.append(Some(Decline::AccountFrozen));
    bank.tick();
    let changed = bank.change(id, &json!({"events": null})).unwrap();
    assert_json!(changed, {"url": ELSEWHERE, "events": null});
    bank.send(1, Ok(204));
    // What it had passed before is not sent.
    assert_eq!(bank.got(), [3, 4]);
    for post in bank.0.client.got.borrow().iter() {
        assert_eq!(post.target.authority(), "elsewhere.example");
    }
    assert_eq!(bank.read(id).unwrap(), changed);
}

#[test]
fn what_is_pending_goes_to_the_new_url_with_the_same_id() {
    let bank = Bank::new();
    let id = bank.make("k", json!({"url": "https://deaf.example/"}));
    bank.send(1, Ok(204));
    bank.change(id, &json!({"url": URL})).unwrap();
    bank.wait(60_000);
    bank.tick();
    assert_json!(bank.deliveries(id)[0], {"status": "delivered", "attempts": 2});
    let got = bank.0.client.got.borrow();
    assert_eq!(header(&got[0], "webhook-id"), header(&got[1], "webhook-id"));
}

#[test]
fn a_webhook_warns_for_as_long_as_the_registry_does_not_name_its_origin() {
    let bank = Bank::new();
    let named = json!({"url": URL});
    let unnamed = json!({"url": "https://unnamed.example/in"});
    let (made, _) = bank.request("k", &unnamed).unwrap();
    let (repeated, is_repeated) = bank.request("k", &unnamed).unwrap();
    assert!(is_repeated);
    let id = made["id"].as_str().unwrap().parse().unwrap();
    let (other, _) = bank.request("other", &named).unwrap();
    for view in [other, bank.change(id, &named).unwrap()] {
        assert_eq!(view.get("warnings"), None);
    }
    let changed = bank.change(id, &unnamed).unwrap();
    let shown = [bank.read(id).unwrap(), bank.listed()[1].clone()];
    for view in [made, repeated, changed].iter().chain(&shown) {
        assert_eq!(view["warnings"].as_array().unwrap().len(), 1);
        assert_json!(view["warnings"][0], {"code": "origin_not_allowed", "pointer": "/url"});
    }
}
