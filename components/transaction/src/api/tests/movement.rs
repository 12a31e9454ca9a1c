//! Who may end a hold or reverse a transaction, and what both show; the ledger tests its declines.

use super::*;

#[test]
fn a_hold_is_placed_captured_in_part_and_shows_it() {
    let bank = Bank::new();
    let held = bank.hold("h", "60").unwrap();
    let hold = id_of(&held);
    assert_json!(json_of(&held), {"status": "pending", "expires_at": "2027-01-15T08:01:00.000Z"});
    assert_eq!(outcome(&bank.send("s", "40.01")), "422 insufficient_funds");
    let captured = bank.capture("c", hold, Some("25")).unwrap();
    assert_json!(json_of(&captured), {"type": "capture", "hold_id": hold, "amount": "25.00"});
    assert_json!(bank.seen(hold), {"status": "posted", "resolved_by": id_of(&captured)});
    assert_eq!(bank.bob_has(), 2_500);
    // The reply to the first request does not change.
    assert_eq!(bank.hold("h", "60").unwrap(), repeated(&held));
}

#[test]
fn only_the_payer_ends_a_hold() {
    let bank = Bank::new();
    let held = id_of(&bank.hold("h", "60").unwrap());
    let sent = id_of(&bank.send("s", "1").unwrap());
    let declined = id_of(&bank.hold("d", "1000").unwrap());
    for (who, id, expected) in rows! {
        (bob(), held, "404 not_found"), (teller(), held, "404 not_found"),
        (Identity::of_user(ALICE, Role::Auditor), held, "403 forbidden"),
        // A transfer is no hold.
        (alice(), sent, "404 not_found"), (bob(), declined, "404 not_found"),
        (teller(), declined, "404 not_found"), (alice(), declined, "422 hold_declined"),
    } {
        for call in [Call::Capture(id), Call::Void(id)] {
            let answered = bank.request(&who, call, "k", &json!({}));
            assert_eq!(outcome(&answered), expected, "{who:?}");
            let problem = answered.unwrap_err();
            let says_why = problem.detail().contains("insufficient_funds");
            assert_eq!(says_why, expected == "422 hold_declined");
        }
    }
}

#[test]
fn a_reversal_is_made_by_staff_and_is_linked_both_ways() {
    let bank = Bank::new();
    let sent = id_of(&bank.send("s", "30").unwrap());
    for who in [alice(), auditor()] {
        let answered = bank.request(&who, Call::Reverse(sent), "r", &json!({}));
        assert_eq!(outcome(&answered), "403 forbidden");
    }
    let reversed = bank.reverse("r", sent).unwrap();
    let reversal = id_of(&reversed);
    assert_json!(json_of(&reversed), {"type": "reversal", "reverses": sent, "request_id": null});
    // Staff alone see in which request staff acted.
    assert_json!(bank.seen_by(&auditor(), reversal).unwrap(), {
        "from_account_id": bank.bob.id, "to_account_id": bank.alice.id, "request_id": REQUEST_ID,
    });
    assert_json!(bank.seen_by(&auditor(), sent).unwrap(), {"request_id": null});
    assert_json!(bank.seen(sent), {"status": "reversed", "reversed_by": reversal});
    assert_eq!(outcome(&bank.reverse("r2", sent)), "422 already_reversed");
    assert_eq!(outcome(&bank.reverse("r3", NOWHERE)), "404 not_found");
    assert_eq!(bank.bob_has(), 0);
}
