//! Goal: `PATCH` changes what its members say, for those who may, all of it or nothing.

use super::*;

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
        let last = done(&bank, &staff(Role::Admin), EventsOf(id));
        assert_eq!(last["data"][0]["action"], "name_changed");
        assert_eq!(last["data"][0]["actor_id"], json!(by.actor()));
    }
    let calls = [
        (&bob(), Patch(id, NAME), "404 not_found"),
        (&alice(), Patch(NO_ID, NAME), "404 not_found"),
    ];
    check(&bank, calls);
}

#[test]
fn a_wrong_part_refuses_the_whole_change() {
    let (bank, teller) = (bank(), staff(Role::Teller));
    let (id, view) = open_eur(&bank, &alice());
    let many = (0..51).map(|key| format!(r#""{key}":"""#));
    let many = many.collect::<Vec<_>>().join(",");
    for (rest, expected) in rows! {
        (r#""name":"\u200b""#.to_owned(), "422 validation_failed /name"),
        (format!(r#""name":"{}""#, "x".repeat(101)), "422 validation_failed /name"),
        (r#""name":7"#.to_owned(), "422 validation_failed /name"),
        (r#""metadata":[]"#.to_owned(), "422 validation_failed /metadata"),
        (r#""metadata":{"a":1}"#.to_owned(), "422 validation_failed /metadata/a"),
        (format!(r#""metadata":{{{many}}}"#), "422 validation_failed /metadata"),
        (format!(r#""metadata":{{"{}":"a"}}"#, "k".repeat(300)), "422 validation_failed /metadata"),
        (r#""type":"savings""#.to_owned(), "422 validation_failed /type"),
        (r#""code":"fees""#.to_owned(), "422 validation_failed /code"),
        (r#""owner_id":null"#.to_owned(), "422 validation_failed /owner_id"),
    } {
        let body = format!(r#"{{"overdraft_limit":"10",{rest}}}"#);
        check(&bank, [(&teller, Patch(id, &body), expected)]);
        assert_eq!(done(&bank, &teller, Get(id)), view, "{body}");
    }
    // A customer changes none of it where one part is a teller's.
    let both = r#"{"name":"Rent","overdraft_limit":"10"}"#;
    check(&bank, [(&alice(), Patch(id, both), "403 forbidden")]);
    assert_eq!(done(&bank, &teller, Get(id)), view);
    done(&bank, &alice(), Close(id));
    check(&bank, [(&alice(), Patch(id, NAME), "409 account_closed")]);
}
