//! Goal: a value arrives at the other component as it was sent, and a malformed value is refused.

use super::*;
use crate::kit::{batch, posting, refusal, transfer};
use std::fmt::Debug;
use strongroom_sdk::rows;

/// Makes a value malformed.
type Change<'a, T> = &'a dyn Fn(&mut T);

fn arrives<T: WitForm + Clone + Debug + PartialEq>(sent: T) {
    assert_eq!(T::from_wit(sent.clone().into_wit()), Ok(sent));
}

#[test]
fn every_word_arrives_as_it_was_sent() {
    Kind::ALL.iter().copied().for_each(arrives);
    Direction::ALL.iter().copied().for_each(arrives);
    Status::ALL.iter().copied().for_each(arrives);
    Decline::ALL.iter().copied().for_each(arrives);
    ActorKind::ALL.iter().copied().for_each(arrives);
    arrives(AccountRef::Number("DE1".to_owned()));
    let mut errors = vec![
        LedgerError::OriginalNotFound,
        LedgerError::IdReused,
        LedgerError::OwnAccount,
        LedgerError::invalid("amount"),
        LedgerError::NotScreened("no verdict in 200 ms".to_owned()),
        LedgerError::Clock,
        LedgerError::Unavailable("the store is busy".to_owned()),
    ];
    let sides = [Side::Source, Side::DestinationId, Side::DestinationNumber];
    let sides = sides.into_iter().chain([Side::Leg(u32::MAX)]);
    errors.extend(sides.clone().map(LedgerError::AccountNotFound));
    errors.extend(sides.map(LedgerError::SameAccount));
    for error in errors {
        assert_eq!(LedgerError::from(types::Error::from(error.clone())), error);
    }
}

#[test]
fn every_record_arrives_as_it_was_sent() {
    arrives(transfer());
    arrives(batch());
    let batch = batch();
    let recorded = LineOutcome::Recorded(Box::new(posting()));
    let outcomes = vec![recorded, LineOutcome::Refused(refusal())];
    for repeated in [false, true] {
        let (posting, outcomes) = (posting(), outcomes.clone());
        arrives(Reply { posting, repeated });
        arrives(BatchReply { outcomes, repeated });
    }
    arrives(BatchRecord {
        id: batch.id,
        fingerprint: batch.fingerprint,
        actor: batch.actor,
        on_behalf_of: batch.on_behalf_of,
        atomic: true,
        outcomes,
        requested_at_ms: 9,
        recorded_at_ms: 10,
    });
}

/// Makes each change to a value, which is then malformed at its path.
fn malformed_at<T: WitForm + Debug>(sent: fn() -> T, changes: &[(&str, Change<'_, T::Wit>)]) {
    for (path, change) in changes {
        let mut wit = sent().into_wit();
        change(&mut wit);
        assert_eq!(T::from_wit(wit).unwrap_err().path, *path);
    }
}

#[test]
fn a_transfer_with_a_malformed_field_is_refused() {
    fn currency(it: &mut types::Transfer) -> &mut String {
        &mut it.instruction.amount.as_mut().unwrap().currency
    }
    let none = || "none".to_owned();
    let by_id = types::AccountRef::Id;
    let changes: &[(&str, Change<'_, types::Transfer>)] = &rows! {
        ("id", &|it| it.id = none()),
        ("id", &|it| it.id.push('0')),
        ("fingerprint", &|it| it.fingerprint = none()),
        ("fingerprint", &|it| it.fingerprint.truncate(62)),
        ("fingerprint", &|it| it.fingerprint.push_str("00")),
        ("authority", &|it| it.authority = types::DebitAuthority::Owner(none())),
        ("actor.id", &|it| it.actor.id = none()),
        ("on-behalf-of", &|it| it.on_behalf_of = Some(none())),
        ("instruction.source", &|it| it.instruction.source = Some(none())),
        ("instruction.destination", &|it| it.instruction.destination = Some(by_id(none()))),
        ("instruction.subject", &|it| it.instruction.subject = Some(none())),
        ("instruction.amount.currency", &|it| *currency(it) = "eur".to_owned()),
        ("instruction.amount.currency", &|it| *currency(it) = "XAU".to_owned()),
    };
    malformed_at(transfer, changes);
}

#[test]
fn a_posting_with_a_malformed_field_is_refused() {
    let none = || "none".to_owned();
    let changes: &[(&str, Change<'_, types::Posting>)] = &rows! {
        ("id", &|it| it.id = none()),
        ("fingerprint", &|it| it.fingerprint = none()),
        ("decline", &|it| it.decline = None),
        ("decline", &|it| it.status = types::Status::Posted),
        ("actor.id", &|it| it.actor.id = none()),
        ("on-behalf-of", &|it| it.on_behalf_of = Some(none())),
        ("source.account-id", &|it| it.source.as_mut().unwrap().account_id = none()),
        ("destination.owner-id", &|it| it.destination.as_mut().unwrap().owner_id = none()),
        ("subject", &|it| it.subject = Some(none())),
        ("resolution.id", &|it| it.resolution.as_mut().unwrap().id = none()),
        ("amount.currency", &|it| it.amount.as_mut().unwrap().currency = none()),
    };
    malformed_at(posting, changes);
}

#[test]
fn a_batch_with_a_malformed_field_is_refused() {
    let none = || "none".to_owned();
    let changes: &[(&str, Change<'_, types::Batch>)] = &[
        ("id", &|it| it.id = none()),
        ("on-behalf-of", &|it| it.on_behalf_of = Some(none())),
        (
            "instruction.lines.instruction.source",
            &|it| match &mut it.instruction.lines[1] {
                types::BatchLine::Transfer(line) => line.instruction.source = Some(none()),
                types::BatchLine::Refused(refusal) => panic!("{refusal:?}"),
            },
        ),
    ];
    malformed_at(batch, changes);
}

/// A malformed request is at fault; a malformed record does not show what the ledger did.
#[test]
fn a_malformed_request_is_invalid_and_a_malformed_record_is_no_decision() {
    let malformed = || Malformed::default().within("id").within("on_behalf_of");
    let to_the_asker = types::Error::from(malformed());
    assert!(matches!(to_the_asker, types::Error::Invalid(path) if path == "on-behalf-of.id"));
    let of_the_ledger = LedgerError::from(malformed());
    let is_named = |why: &str| why.contains("on-behalf-of.id");
    assert!(matches!(of_the_ledger, LedgerError::Unavailable(why) if is_named(&why)));
}
