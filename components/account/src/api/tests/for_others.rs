//! Staff and clients open accounts for any owner and the bank; customers open and find their own.

use super::*;

/// An owner that is no user of the bank.
const OWNER: Uuid = Uuid::from_u128(0x0E);
const CLIENT: Uuid = Uuid::from_u128(0xC1);
const OF_OWNER: &str = r#"{"type":"checking","currency":"EUR",
    "owner_id":"00000000-0000-0000-0000-00000000000e","metadata":{"tier":"gold"}}"#;
const FEES: &str = r#"{"type":"internal","currency":"EUR","code":"fees","name":"Fees"}"#;

fn client(customer: Option<Uuid>) -> Identity {
    Identity::of_client(CLIENT, customer)
}

fn those_who_act() -> [Identity; 3] {
    [staff(Role::Teller), staff(Role::Admin), client(None)]
}

fn id_of(view: &Value) -> Uuid {
    view["id"].as_str().unwrap().parse().unwrap()
}

fn ids(list: &Value) -> Vec<Uuid> {
    list["data"].as_array().unwrap().iter().map(id_of).collect()
}

#[test]
fn those_who_act_for_the_bank_open_an_account_of_any_owner() {
    for by in those_who_act() {
        let bank = bank();
        let view = done(&bank, &by, Open(OF_OWNER));
        assert_json!(view, {"owner_id": OWNER, "metadata": {"tier": "gold"}});
        assert_eq!(done(&bank, &client(Some(OWNER)), Get(id_of(&view))), view);
        let event = done(&bank, &staff(Role::Admin), Events(""))["data"][0].clone();
        assert_json!(event, {"actor_id": by.actor(), "actor_role": by.role.as_str()});
    }
}

#[test]
fn those_who_act_for_the_bank_open_internal_accounts_without_a_limit() {
    for by in those_who_act() {
        let bank = bank();
        let view = done(&bank, &by, Open(FEES));
        assert_json!(view, {
            "owner_id": Uuid::nil(), "type": "internal", "code": "fees", "name": "Fees",
            "balance": "0.00", "available": "0.00", "overdraft_limit": null,
        });
        let id = id_of(&view);
        let calls = [
            (&by, Get(id), "200"),
            (&staff(Role::Auditor), Get(id), "200"),
            (&alice(), Get(id), "404 not_found"),
            (&by, Open(FEES), "409 code_taken /code"),
            (&by, Patch(id, r#"{"metadata":{"gl":"4000"}}"#), "200"),
            (&by, Close(id), "200"),
            (&by, Open(FEES), "409 code_taken /code"),
        ];
        check(&bank, calls);
    }
}

#[test]
fn what_cannot_be_opened_is_refused() {
    let (bank, alice) = (bank(), alice());
    let (client, for_alice) = (client(None), client(Some(ALICE)));
    let of = |kind: &str, rest: &str| format!(r#"{{"type":"{kind}","currency":"EUR"{rest}}}"#);
    let internal = |rest: &str| of("internal", rest);
    let checking = |rest: &str| of("checking", rest);
    let in_currency = |code: &str| format!(r#"{{"type":"savings","currency":"{code}"}}"#);
    let named = |name: &str| checking(&format!(r#","name":"{name}""#));
    let owner = r#","owner_id":"00000000-0000-0000-0000-00000000000e""#;
    let wrong_currency = "422 validation_failed /currency";
    let wrong_name = "422 validation_failed /name";
    let wrong_owner = "422 validation_failed /owner_id";
    for (by, body, expected) in rows! {
        (&alice, in_currency("XAU"), wrong_currency),
        (&alice, in_currency("eur"), wrong_currency),
        (&alice, in_currency("HRK"), wrong_currency),
        (&alice, named(""), wrong_name),
        (&alice, named(r"\u3164\u202e"), wrong_name),
        (&alice, named(r"a\u0000"), wrong_name),
        (&alice, named(&"x".repeat(101)), wrong_name),
        (&alice, of("settlement", ""), "422 validation_failed /type"),
        (&alice, checking(r#","owner_id":"x""#), wrong_owner),
        (&alice, checking(owner), "403 forbidden /owner_id"),
        (&for_alice, checking(owner), "403 forbidden /owner_id"),
        (&alice, internal(r#","code":"fees""#), "403 forbidden /type"),
        (&for_alice, internal(""), "403 forbidden /type"),
        (&client, checking(""), wrong_owner),
        (&client, checking(r#","owner_id":"x""#), wrong_owner),
        (&client, checking(&format!(r#","owner_id":"{}""#, Uuid::nil())), wrong_owner),
        (&client, checking(&format!(r#"{owner},"code":"fees""#)), "422 validation_failed /code"),
        (&alice, checking(r#","code":"fees""#), "422 validation_failed /code"),
        (&client, internal(""), "422 validation_failed /code"),
        (&client, internal(r#","code":"Fees""#), "422 validation_failed /code"),
        (&client, internal(r#","code":"""#), "422 validation_failed /code"),
        (&client, internal(&format!(r#"{owner},"code":"fees""#)), wrong_owner),
        (&alice, checking(r#","metadata":{"a":1}"#), "422 validation_failed /metadata/a"),
        (&alice, checking(r#","metadata":{"":"a"}"#), "422 validation_failed /metadata"),
        // Their own id changes nothing.
        (&alice, checking(&format!(r#","owner_id":"{ALICE}""#)), "200"),
        (&for_alice, checking(""), "200"),
        (&alice, in_currency("EUR"), "200"),
        (&alice, in_currency("EUR"), "409 account_limit_reached"),
    } {
        check(&bank, [(by, Open(&body), expected)]);
    }
}

#[test]
fn a_list_has_the_accounts_that_the_caller_may_see() {
    let bank = bank();
    let (client, for_alice) = (client(None), client(Some(ALICE)));
    let (alices, view) = open_eur(&bank, &alice());
    let (bobs, _) = open_eur(&bank, &bob());
    let owners = id_of(&done(&bank, &client, Open(OF_OWNER)));
    let fees = id_of(&done(&bank, &client, Open(FEES)));
    done(&bank, &staff(Role::Teller), Freeze(bobs, "{}"));
    let number = view["number"].as_str().unwrap();
    let as_written = format!("{}+{}", &number[..4].to_lowercase(), &number[4..]);
    let colleagues = [Role::Teller, Role::Auditor, Role::Admin].map(staff);
    let all = colleagues.into_iter().chain([client]);
    let callers = all
        .map(|by| (by, true))
        .chain([alice(), for_alice].map(|by| (by, false)));
    for (by, sees_all) in callers {
        for (query, of_all, of_alice) in rows! {
            (String::new(), &[fees, owners, bobs, alices][..], &[alices][..]),
            ("type=internal".to_owned(), &[fees], &[]),
            ("code=fees".to_owned(), &[fees], &[]),
            ("type=checking&status=frozen".to_owned(), &[bobs], &[]),
            ("status=open".to_owned(), &[fees, owners, alices], &[alices]),
            ("currency=USD".to_owned(), &[], &[]),
            (format!("owner_id={ALICE}&currency=EUR"), &[alices], &[alices]),
            (format!("owner_id={BOB}"), &[bobs], &[]),
            (format!("number={number}"), &[alices], &[alices]),
            (format!("number={as_written}"), &[alices], &[alices]),
        } {
            let expected = if sees_all { of_all } else { of_alice };
            assert_eq!(ids(&done(&bank, &by, List(&query))), expected, "{query}");
        }
        assert_eq!(ids(&done(&bank, &by, ListOf(ALICE, ""))), [alices]);
    }
    for wrong in rows! {
        "status=lost", "type=settlement", "currency=XYZ", "code=Fees", "owner_id=7", "name=x",
    } {
        let (member, _) = wrong.split_once('=').unwrap();
        let expected = format!("422 validation_failed /{member}");
        for by in [alice(), staff(Role::Teller)] {
            check(&bank, [(&by, List(wrong), expected.as_str())]);
        }
    }
}
