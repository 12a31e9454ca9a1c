//! Goal: a client sees of a transaction what `docs/api.md` says, and no secret of others.

use super::*;
use crate::kit::{self, money, party};
use crate::posting::Resolution;
use crate::transfer::Actor;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use strongroom_sdk::assert_json;
use strongroom_sdk::identity::Role;

const PAYER: Uuid = Uuid::from_u128(0xA);
const PAYEE: Uuid = Uuid::from_u128(0xB);

/// A transfer that staff requested.
fn posting(kind: Kind, status: Status) -> Posting {
    Posting {
        sequence: 7,
        kind,
        status,
        decline: None,
        denied_by: None,
        on_behalf_of: None,
        source: party(0xA),
        destination: party(0xB),
        original: None,
        expires_at_ms: None,
        resolution: None,
        amount: Some(money(1_234, "EUR")),
        legs: Vec::new(),
        declined_leg: None,
        reference: Some("rent".to_owned()),
        metadata: Some(r#"{ "note" : "mine" }"#.to_owned()),
        requested_at_ms: 1_800_000_000_000,
        recorded_at_ms: 1_800_000_000_005,
        ..kit::posting()
    }
}

fn declined(kind: Kind, decline: Decline) -> Posting {
    let mut posting = posting(kind, Status::Declined);
    posting.decline = Some(decline);
    posting
}

fn recorded(posting: &Posting) -> Value {
    json!(TransactionView::recorded(posting).unwrap())
}

fn seen_by(subject: Uuid, role: Role, posting: &Posting) -> Value {
    let viewer = Identity::of_user(subject, role);
    json!(TransactionView::for_viewer(posting, &viewer).unwrap())
}

#[test]
fn a_transaction_has_the_members_of_the_contract() {
    let posting = posting(Kind::Transfer, Status::Posted);
    let expected = concat!(
        r#"{"id":"00000000-0000-0000-0000-000000000001","type":"transfer","status":"posted","#,
        r#""from_account_id":"00000000-0000-0000-0000-00000000010a","#,
        r#""to_account_id":"00000000-0000-0000-0000-00000000010b","amount":"12.34","currency":"EUR","#,
        r#""reference":"rent","metadata":{ "note" : "mine" },"decline_code":null,"#,
        r#""created_at":"2027-01-15T08:00:00.000Z","posted_at":"2027-01-15T08:00:00.005Z","sequence":7}"#
    );
    let view = TransactionView::recorded(&posting).unwrap();
    assert_eq!(serde_json::to_string(&view).unwrap(), expected);
    let declined = recorded(&declined(Kind::Transfer, Decline::LimitExceeded));
    assert_json!(declined, {"status": "declined", "decline_code": "limit_exceeded"});
    assert_json!(declined, {"posted_at": null});
}

#[test]
fn the_original_is_a_hold_or_a_reversed_transaction() {
    let original = Uuid::from_u128(9);
    for (kind, status, member, other) in [
        (Kind::Capture, Status::Posted, "hold_id", "reverses"),
        (Kind::Void, Status::Voided, "hold_id", "reverses"),
        (Kind::Expiry, Status::Expired, "hold_id", "reverses"),
        (Kind::Reversal, Status::Posted, "reverses", "hold_id"),
    ] {
        let mut posting = posting(kind, status);
        posting.original = Some(original);
        let view = recorded(&posting);
        assert_eq!(view[member], json!(original), "{kind:?}");
        assert_eq!(view.get(other), None, "{kind:?}");
    }
    let mut hold = posting(Kind::Hold, Status::Pending);
    hold.expires_at_ms = Some(1_800_000_060_005);
    let view = recorded(&hold);
    assert_json!(view, {"status": "pending", "expires_at": "2027-01-15T08:01:00.005Z"});
}

#[test]
fn the_resolution_is_seen_and_is_no_part_of_the_record() {
    let end = Uuid::from_u128(9);
    let hold = || posting(Kind::Hold, Status::Pending);
    let paid = || posting(Kind::Transfer, Status::Posted);
    for (first, kind, status, end_member, captured) in [
        (hold(), Kind::Capture, "posted", "resolved_by", Some("5.00")),
        (hold(), Kind::Void, "voided", "resolved_by", None),
        (hold(), Kind::Expiry, "expired", "resolved_by", None),
        (paid(), Kind::Reversal, "reversed", "reversed_by", None),
    ] {
        let mut resolved = first.clone();
        resolved.resolution = Some(Resolution {
            id: end,
            kind,
            amount: Some(money(500, "EUR")),
            recorded_at_ms: 1_800_000_000_009,
        });
        let view = seen_by(PAYER, Role::Customer, &resolved);
        let posted_at = match kind {
            Kind::Capture => json!("2027-01-15T08:00:00.009Z"),
            _ => recorded(&first)["posted_at"].clone(),
        };
        assert_json!(view, {
            "status": status, end_member: end, "captured_amount": captured, "posted_at": posted_at,
        });
        assert_eq!(recorded(&resolved), recorded(&first), "{kind:?}");
    }
}

#[test]
fn only_staff_see_the_rule_and_the_request_and_the_payer_the_notes() {
    let mut posting = declined(Kind::Transfer, Decline::ScreeningDenied);
    posting.denied_by = Some("list_7".to_owned());
    let asker = posting.actor.id;
    for (viewer, role, sees_notes, sees_rule) in [
        (PAYER, Role::Customer, true, false),
        (PAYEE, Role::Customer, false, false),
        // A former member of staff, who made the request.
        (asker, Role::Customer, true, false),
        (Uuid::nil(), Role::Teller, true, true),
        (Uuid::nil(), Role::Auditor, true, true),
        (Uuid::nil(), Role::Admin, true, true),
    ] {
        let view = seen_by(viewer, role, &posting);
        assert_eq!(view["metadata"].is_object(), sees_notes, "{viewer} {role}");
        for member in ["denied_by", "request_id"] {
            assert_eq!(view.get(member).is_some(), sees_rule, "{viewer} {role}");
            assert_eq!(recorded(&posting).get(member), None);
        }
        assert_eq!(view["decline_code"], "screening_denied");
    }
}

#[test]
fn only_its_owner_and_staff_see_the_payee_of_a_decline() {
    for (kind, viewer, role, sees_payee) in [
        (Kind::Transfer, PAYER, Role::Customer, false),
        (Kind::Hold, PAYER, Role::Customer, false),
        (Kind::Transfer, PAYEE, Role::Customer, true),
        (Kind::Transfer, Uuid::nil(), Role::Teller, true),
        // These name a hold or a posting that the payer knows.
        (Kind::Capture, PAYER, Role::Customer, true),
        (Kind::Reversal, PAYER, Role::Customer, true),
    ] {
        let view = seen_by(viewer, role, &declined(kind, Decline::InsufficientFunds));
        let payee = &view["to_account_id"];
        assert_eq!(payee.is_string(), sees_payee, "{kind:?} {role}");
    }
    let posted = posting(Kind::Transfer, Status::Posted);
    assert!(seen_by(PAYER, Role::Customer, &posted)["to_account_id"].is_string());
}

#[test]
fn a_decline_concerns_the_payer_alone_and_without_one_the_actor() {
    let asker = Uuid::from_u128(0x7);
    let of = |kind: Kind, decline: Option<Decline>, has_source: bool| {
        let accepted = posting(kind, kind.accepted_status());
        let mut posting = decline.map_or(accepted, |decline| declined(kind, decline));
        posting.actor = Actor::user(asker);
        posting.source = posting.source.filter(|_| has_source);
        posting
    };
    let short = Some(Decline::InsufficientFunds);
    for (posting, concerned) in [
        (of(Kind::Transfer, None, true), [true, true, false]),
        (of(Kind::Transfer, short, true), [true, false, false]),
        (of(Kind::Transfer, short, false), [false, false, true]),
        (of(Kind::Deposit, None, false), [false, true, false]),
        (of(Kind::Deposit, short, false), [false, true, false]),
        (of(Kind::Reversal, short, true), [true, false, false]),
        // The bank is the payer: a withdrawal was not reversed.
        (of(Kind::Reversal, short, false), [false, false, false]),
    ] {
        let found = [PAYER, PAYEE, asker].map(|user| posting.concerns(user));
        assert_eq!(found, concerned, "{posting:?}");
    }
    let customer = Uuid::from_u128(0xC);
    let mut of_client = of(Kind::Transfer, short, false);
    of_client.on_behalf_of = Some(customer);
    assert!(of_client.concerns(customer) && !of_client.concerns(asker));
}

#[test]
fn a_record_whose_notes_are_no_json_is_the_banks_fault() {
    let mut broken = posting(Kind::Transfer, Status::Posted);
    broken.metadata = Some("{".to_owned());
    let problem = TransactionView::recorded(&broken).unwrap_err();
    assert_eq!(problem.status().as_u16(), 500);
}

#[test]
fn an_event_has_the_words_of_the_contract() {
    let posting = posting(Kind::Transfer, Status::Posted);
    let event = Event::new(&posting, TransactionView::recorded(&posting).unwrap());
    let expected = json!({
        "sequence": 7, "type": "transfer.posted", "created_at": "2027-01-15T08:00:00.005Z",
        "data": recorded(&posting),
    });
    assert_eq!(json!(event), expected);
}

#[test]
fn every_kind_of_event_has_a_name_that_can_be_chosen() {
    let names_of = |kind: &Kind| {
        let accepted = posting(*kind, kind.accepted_status());
        [accepted, declined(*kind, Decline::AccountFrozen)].map(|it| event_type(&it))
    };
    // A released word never changes: programs act by it.
    for (kind, accepted, refused) in [
        (Kind::Deposit, "deposit.posted", "deposit.declined"),
        (Kind::Withdrawal, "withdrawal.posted", "withdrawal.declined"),
        (Kind::Hold, "hold.placed", "hold.declined"),
        (Kind::Capture, "hold.captured", "capture.declined"),
        (Kind::Void, "hold.voided", "void.declined"),
        (Kind::Expiry, "hold.expired", "hold.expired"),
        (Kind::Reversal, "transfer.reversed", "reversal.declined"),
        (Kind::Posting, "posting.posted", "posting.declined"),
    ] {
        assert_eq!(names_of(&kind), [accepted, refused]);
    }
    let names: BTreeSet<_> = Kind::ALL.iter().flat_map(names_of).collect();
    let every: BTreeSet<_> = EVENT_TYPES.iter().copied().collect();
    assert_eq!((&names, names.len()), (&every, EVENT_TYPES.len()));
}
