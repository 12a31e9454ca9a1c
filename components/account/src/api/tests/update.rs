//! Goal: `PATCH` changes what its members say, for those who may, all of it or nothing.

use super::*;
use std::collections::HashMap;

#[test]
fn the_owner_staff_and_clients_change_a_name_and_metadata() {
    let bank = bank();
    let (id, view) = open_eur(&bank, &alice());
    let client = Identity::of_client(Uuid::from_u128(0xC1), None);
    for by in [alice(), staff(Role::Teller), staff(Role::Admin), client] {
        for (body, name, metadata) in rows! {
            (r#"{"name":"Rent","metadata":{"a":"1"}}"#, json!("Rent"), json!({"a": "1"})),
            (r#"{"metadata":{"a":null,"b":"3"}}"#, json!("Rent"), json!({"b": "3"})),
            (r#"{"name":null,"metadata":null}"#, Value::Null, json!({})),
            ("{}", Value::Null, json!({})),
            (r#"{"name":"Everyday"}"#, json!("Everyday"), json!({})),
        } {
            let mut expected = view.clone();
            expected["name"] = name;
            expected["metadata"] = metadata;
            assert_eq!(done(&bank, &by, Patch(id, body)), expected, "{body}");
        }
        assert_eq!(done(&bank, &by, Get(id)), view);
        let events = done(&bank, &staff(Role::Admin), EventsOf(id));
        assert_json!(events["data"][0], {"action": "name_changed", "actor_id": by.actor()});
    }
    check(&bank, [(&bob(), Patch(id, NAME), "404 not_found")]);
    check(&bank, [(&alice(), Patch(NO_ID, NAME), "404 not_found")]);
}

#[test]
fn a_wrong_part_refuses_the_whole_change() {
    let (bank, teller) = (bank(), staff(Role::Teller));
    let (id, view) = open_eur(&bank, &alice());
    let many: HashMap<_, _> = (0..51).map(|key| (key.to_string(), "")).collect();
    let long = "k".repeat(300);
    for (part, expected) in rows! {
        (json!({"name": "\u{200b}"}), "422 validation_failed /name"),
        (json!({"name": "x".repeat(101)}), "422 validation_failed /name"),
        (json!({"name": 7}), "422 validation_failed /name"),
        (json!({"metadata": []}), "422 validation_failed /metadata"),
        (json!({"metadata": {"a": 1}}), "422 validation_failed /metadata/a"),
        (json!({"metadata": many}), "422 validation_failed /metadata"),
        (json!({"metadata": {long: "a"}}), "422 validation_failed /metadata"),
        (json!({"overdraft_limit": "-1"}), "422 amount_invalid /overdraft_limit"),
        (json!({"overdraft_limit": "1.001"}), "422 amount_invalid /overdraft_limit"),
        (json!({"overdraft_limit": ""}), "422 amount_invalid /overdraft_limit"),
        (json!({"overdraft_limit": "1e3"}), "422 amount_invalid /overdraft_limit"),
        (json!({"overdraft_limit": "9".repeat(20)}), "422 amount_invalid /overdraft_limit"),
        (json!({"overdraft_limit": null}), "422 validation_failed /overdraft_limit"),
        (json!({"type": "savings"}), "422 validation_failed /type"),
        (json!({"code": "fees"}), "422 validation_failed /code"),
        (json!({"owner_id": null}), "422 validation_failed /owner_id"),
    } {
        let mut body = json!({"name": "Rent", "metadata": {"b": "2"}, "overdraft_limit": "10"});
        for (member, value) in part.as_object().unwrap() {
            body[member] = value.clone();
        }
        check(&bank, [(&teller, Patch(id, &body.to_string()), expected)]);
        assert_eq!(done(&bank, &teller, Get(id)), view, "{body}");
    }
    // A customer changes none of it where one part is a teller's.
    let both = r#"{"name":"Rent","overdraft_limit":"10"}"#;
    check(&bank, [(&alice(), Patch(id, both), "403 forbidden")]);
    assert_eq!(done(&bank, &teller, Get(id)), view);
    done(&bank, &alice(), Close(id));
    check(&bank, [(&alice(), Patch(id, NAME), "409 account_closed")]);
}
