//! Goal: a value arrives at the other component as it was sent, and a malformed value is refused.
//! Method: random values there and back; then a malformed text in one field at a time.

use super::*;
use proptest::prelude::*;

/// Makes a value malformed.
type Change<'a, T> = &'a dyn Fn(&mut T);

fn ids() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn texts() -> impl Strategy<Value = Option<String>> {
    prop::option::of(".{0,12}")
}

fn amounts() -> impl Strategy<Value = Money> {
    let codes = prop::sample::select(vec!["EUR", "JPY", "KWD"]);
    (any::<i64>(), codes)
        .prop_map(|(minor, code)| Money::from_minor(minor, Currency::from_code(code).unwrap()))
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL)
}

fn actors() -> impl Strategy<Value = Actor> {
    (prop::sample::select(ActorKind::ALL), ids()).prop_map(|(kind, id)| Actor { kind, id })
}

fn authorities() -> impl Strategy<Value = DebitAuthority> {
    prop_oneof![
        ids().prop_map(DebitAuthority::Owner),
        Just(DebitAuthority::Bank)
    ]
}

fn account_refs() -> impl Strategy<Value = AccountRef> {
    prop_oneof![
        ids().prop_map(AccountRef::Id),
        ".{0,12}".prop_map(AccountRef::Number)
    ]
}

fn directions() -> impl Strategy<Value = Direction> {
    prop::sample::select(Direction::ALL)
}

prop_compose! {
    fn any_leg()(
        account in ids(), direction in directions(), amount in amounts(), denied_by in texts(),
    ) -> Leg {
        Leg { account, direction, amount, denied_by }
    }
}

prop_compose! {
    fn any_recorded_leg()(
        account in parties(), direction in directions(), amount in amounts(),
    ) -> RecordedLeg {
        RecordedLeg { account, direction, amount }
    }
}

prop_compose! {
    fn instructions()(
        kind in kinds(), source in prop::option::of(ids()),
        destination in prop::option::of(account_refs()), amount in prop::option::of(amounts()),
        reference in texts(), metadata in texts(), original in prop::option::of(ids()),
        expires_in in any::<Option<u32>>(), legs in prop::collection::vec(any_leg(), 0..3),
    ) -> Instruction {
        Instruction {
            kind, source, destination, amount, reference, metadata, original, expires_in, legs,
        }
    }
}

prop_compose! {
    fn transfers()(
        id in ids(), fingerprint in any::<[u8; 32]>(), authority in authorities(),
        actor in actors(), on_behalf_of in prop::option::of(ids()), request_id in texts(),
        instruction in instructions(), denied_by in texts(), requested_at_ms in any::<i64>(),
    ) -> Transfer {
        Transfer {
            id, fingerprint, authority, actor, on_behalf_of, request_id, instruction, denied_by,
            requested_at_ms,
        }
    }
}

fn parties() -> impl Strategy<Value = Option<Party>> {
    prop::option::of((ids(), ids()).prop_map(|(account_id, owner_id)| Party {
        account_id,
        owner_id,
    }))
}

/// Decisions: only a decline has a code.
fn decisions() -> impl Strategy<Value = (Status, Option<Decline>)> {
    let statuses = prop::sample::select(Status::ALL);
    (statuses, prop::sample::select(Decline::ALL)).prop_map(|(status, decline)| {
        (status, Some(decline).filter(|_| status == Status::Declined))
    })
}

/// The posting of a transfer, without what the ledger adds.
fn recorded(asked: Transfer) -> Posting {
    Posting {
        id: asked.id,
        sequence: 1,
        fingerprint: asked.fingerprint,
        kind: asked.instruction.kind,
        status: Status::Posted,
        decline: None,
        denied_by: asked.denied_by,
        actor: asked.actor,
        on_behalf_of: asked.on_behalf_of,
        request_id: asked.request_id,
        source: None,
        destination: None,
        original: asked.instruction.original,
        expires_at_ms: None,
        resolution: None,
        amount: asked.instruction.amount,
        legs: Vec::new(),
        declined_leg: None,
        reference: asked.instruction.reference,
        metadata: asked.instruction.metadata,
        requested_at_ms: asked.requested_at_ms,
        recorded_at_ms: 10,
    }
}

prop_compose! {
    fn postings()(
        asked in transfers(), sequence in any::<u64>(), (status, decline) in decisions(),
        source in parties(), destination in parties(), expires_at_ms in any::<Option<i64>>(),
        resolution in prop::option::of((ids(), kinds(), any::<i64>())),
        legs in prop::collection::vec(any_recorded_leg(), 0..3),
        declined_leg in any::<Option<u32>>(), recorded_at_ms in any::<i64>(),
    ) -> Posting {
        let amount = asked.instruction.amount;
        let resolution = resolution.map(|(id, kind, minor)| Resolution {
            id,
            kind,
            amount: amount.map(|it| Money::from_minor(minor, it.currency())),
            recorded_at_ms: minor,
        });
        Posting {
            sequence, status, decline, source, destination, expires_at_ms, resolution, legs,
            declined_leg, recorded_at_ms,
            ..recorded(asked)
        }
    }
}

prop_compose! {
    fn refusals()(code in ".{0,12}", pointer in ".{0,12}", detail in ".{0,12}") -> Refusal {
        Refusal { code, pointer, detail }
    }
}

prop_compose! {
    fn payments()(
        source in ids(), destination in account_refs(), amount in amounts(), reference in texts(),
        metadata in texts(), denied_by in texts(),
    ) -> BatchLine {
        let instruction = Instruction {
            source: Some(source),
            destination: Some(destination),
            reference,
            metadata,
            ..Instruction::new(Kind::Transfer, amount)
        };
        BatchLine::Transfer { instruction, denied_by }
    }
}

fn lines() -> impl Strategy<Value = BatchLine> {
    prop_oneof![
        4 => payments(),
        1 => refusals().prop_map(BatchLine::Refused),
    ]
}

prop_compose! {
    fn batches()(
        asked in transfers(), atomic in any::<bool>(),
        lines in prop::collection::vec(lines(), 0..6),
    ) -> Batch {
        Batch {
            id: asked.id,
            fingerprint: asked.fingerprint,
            authority: asked.authority,
            actor: asked.actor,
            on_behalf_of: asked.on_behalf_of,
            request_id: asked.request_id,
            instruction: BatchInstruction { atomic, lines },
            requested_at_ms: asked.requested_at_ms,
        }
    }
}

fn outcomes() -> impl Strategy<Value = Vec<LineOutcome>> {
    let outcome = prop_oneof![
        4 => postings().prop_map(|posting| LineOutcome::Recorded(Box::new(posting))),
        1 => refusals().prop_map(LineOutcome::Refused),
    ];
    prop::collection::vec(outcome, 0..6)
}

prop_compose! {
    fn batch_records()(
        asked in transfers(), atomic in any::<bool>(), outcomes in outcomes(),
        recorded_at_ms in any::<i64>(),
    ) -> BatchRecord {
        BatchRecord {
            id: asked.id,
            fingerprint: asked.fingerprint,
            actor: asked.actor,
            on_behalf_of: asked.on_behalf_of,
            atomic,
            outcomes,
            requested_at_ms: asked.requested_at_ms,
            recorded_at_ms,
        }
    }
}

fn arrives<T: WitForm + Clone + std::fmt::Debug + PartialEq>(sent: T) {
    assert_eq!(T::from_wit(sent.clone().into_wit()), Ok(sent));
}

proptest! {
    #[test]
    fn a_transfer_arrives_as_it_was_sent(sent in transfers()) {
        arrives(sent);
    }

    #[test]
    fn a_reply_arrives_as_it_was_sent(posting in postings(), repeated in any::<bool>()) {
        arrives(Reply { posting, repeated });
    }

    #[test]
    fn a_batch_arrives_as_it_was_sent(sent in batches()) {
        arrives(sent);
    }

    #[test]
    fn the_reply_to_a_batch_arrives_as_it_was_sent(outcomes in outcomes(), repeated in any::<bool>()) {
        arrives(BatchReply { outcomes, repeated });
    }

    #[test]
    fn the_record_of_a_batch_arrives_as_it_was_sent(sent in batch_records()) {
        arrives(sent);
    }
}

#[test]
fn an_error_arrives_as_it_was_sent() {
    let mut errors = vec![
        LedgerError::OriginalNotFound,
        LedgerError::IdReused,
        LedgerError::invalid("amount"),
        LedgerError::NotScreened("no verdict in 200 ms".to_owned()),
        LedgerError::Clock,
        LedgerError::Unavailable("the store is busy".to_owned()),
    ];
    let sides = [Side::Source, Side::DestinationId, Side::DestinationNumber];
    errors.extend(sides.map(LedgerError::AccountNotFound));
    errors.extend(sides.map(LedgerError::SameAccount));
    for error in errors {
        assert_eq!(LedgerError::from(types::Error::from(error.clone())), error);
    }
}

fn transfer() -> types::Transfer {
    let eur = Currency::from_code("EUR").unwrap();
    let instruction = Instruction {
        source: Some(Uuid::from_u128(2)),
        destination: Some(AccountRef::Id(Uuid::from_u128(3))),
        original: Some(Uuid::from_u128(4)),
        ..Instruction::new(Kind::Transfer, Money::from_minor(5, eur))
    };
    Transfer {
        id: Uuid::from_u128(1),
        fingerprint: [7; 32],
        authority: DebitAuthority::Owner(Uuid::from_u128(6)),
        actor: Actor::user(Uuid::from_u128(6)),
        on_behalf_of: Some(Uuid::from_u128(8)),
        request_id: None,
        instruction,
        denied_by: None,
        requested_at_ms: 9,
    }
    .into_wit()
}

#[test]
fn a_transfer_with_a_malformed_field_is_invalid_and_names_it() {
    let none = || "none".to_owned();
    let changes: &[(&str, Change<'_, types::Transfer>)] = &[
        ("id", &|it| it.id = none()),
        ("id", &|it| it.id.push('0')),
        ("fingerprint", &|it| it.fingerprint = none()),
        ("fingerprint", &|it| it.fingerprint.truncate(62)),
        ("fingerprint", &|it| it.fingerprint.push_str("00")),
        ("authority", &|it| {
            it.authority = types::DebitAuthority::Owner(none());
        }),
        ("actor.id", &|it| it.actor.id = none()),
        ("on-behalf-of", &|it| it.on_behalf_of = Some(none())),
        ("instruction.source", &|it| {
            it.instruction.source = Some(none());
        }),
        ("instruction.destination", &|it| {
            it.instruction.destination = Some(types::AccountRef::Id(none()));
        }),
        ("instruction.subject", &|it| {
            it.instruction.subject = Some(none());
        }),
        ("instruction.amount.currency", &|it| {
            it.instruction.amount.as_mut().unwrap().currency = "eur".to_owned();
        }),
        ("instruction.amount.currency", &|it| {
            it.instruction.amount.as_mut().unwrap().currency = "XAU".to_owned();
        }),
    ];
    for (field, change) in changes {
        let mut sent = transfer();
        change(&mut sent);
        let malformed = Transfer::from_wit(sent).unwrap_err();
        let error = types::Error::from(malformed);
        assert!(matches!(error, types::Error::Invalid(name) if name == *field));
    }
}

fn posting() -> types::Posting {
    let party = Some(Party {
        account_id: Uuid::from_u128(2),
        owner_id: Uuid::from_u128(6),
    });
    let resolution = Resolution {
        id: Uuid::from_u128(4),
        kind: Kind::Reversal,
        amount: None,
        recorded_at_ms: 5,
    };
    Posting {
        source: party,
        destination: party,
        resolution: Some(resolution),
        ..recorded(Transfer::from_wit(transfer()).unwrap())
    }
    .into_wit()
}

#[test]
fn a_posting_with_a_malformed_field_does_not_show_the_decision() {
    let none = || "none".to_owned();
    fn party(party: &mut Option<types::Party>) -> &mut types::Party {
        party.as_mut().unwrap()
    }
    let changes: &[(&str, Change<'_, types::Posting>)] = &[
        ("id", &|it| it.id = none()),
        ("fingerprint", &|it| it.fingerprint = none()),
        ("decline", &|it| {
            it.decline = Some(types::Decline::AccountClosed);
        }),
        ("decline", &|it| it.status = types::Status::Declined),
        ("actor.id", &|it| it.actor.id = none()),
        ("on-behalf-of", &|it| it.on_behalf_of = Some(none())),
        ("source.account-id", &|it| {
            party(&mut it.source).account_id = none()
        }),
        ("destination.owner-id", &|it| {
            party(&mut it.destination).owner_id = none()
        }),
        ("subject", &|it| it.subject = Some(none())),
        ("resolution.id", &|it| {
            it.resolution.as_mut().unwrap().id = none()
        }),
        ("amount.currency", &|it| {
            it.amount.as_mut().unwrap().currency = none();
        }),
    ];
    for (field, change) in changes {
        let mut sent = posting();
        change(&mut sent);
        let malformed = Posting::from_wit(sent).unwrap_err();
        assert_eq!(malformed.path, *field);
        // So the caller retries: something may have happened.
        let error = LedgerError::from(malformed);
        assert!(matches!(error, LedgerError::Unavailable(text) if text.contains(field)));
    }
}

#[test]
fn a_batch_with_a_malformed_field_is_invalid_and_names_it() {
    let none = || "none".to_owned();
    let batch = || types::Batch {
        id: Uuid::from_u128(1).to_string(),
        fingerprint: hex::encode([7; 32]),
        authority: types::DebitAuthority::Bank,
        actor: Actor::BANK.into_wit(),
        on_behalf_of: None,
        request_id: None,
        instruction: types::BatchInstruction {
            atomic: false,
            lines: vec![types::BatchLine::Transfer(types::BatchTransfer {
                instruction: transfer().instruction,
                denied_by: None,
            })],
        },
        requested_at_ms: 9,
    };
    assert!(Batch::from_wit(batch()).is_ok());
    let changes: &[(&str, Change<'_, types::Batch>)] = &[
        ("id", &|it| it.id = none()),
        ("on-behalf-of", &|it| it.on_behalf_of = Some(none())),
        (
            "instruction.lines.instruction.source",
            &|it| match &mut it.instruction.lines[0] {
                types::BatchLine::Transfer(line) => line.instruction.source = Some(none()),
                types::BatchLine::Refused(refusal) => panic!("{refusal:?}"),
            },
        ),
    ];
    for (field, change) in changes {
        let mut sent = batch();
        change(&mut sent);
        assert_eq!(Batch::from_wit(sent).unwrap_err().path, *field);
    }
}
