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

fn legs() -> impl Strategy<Value = Vec<Leg>> {
    let leg = (ids(), directions(), amounts(), texts());
    let leg = leg.prop_map(|(account, direction, amount, denied_by)| Leg {
        account,
        direction,
        amount,
        denied_by,
    });
    prop::collection::vec(leg, 0..3)
}

fn recorded_legs() -> impl Strategy<Value = Vec<RecordedLeg>> {
    let leg = (parties(), directions(), amounts());
    let leg = leg.prop_map(|(account, direction, amount)| RecordedLeg {
        account,
        direction,
        amount,
    });
    prop::collection::vec(leg, 0..3)
}

fn transfers() -> impl Strategy<Value = Transfer> {
    let ends = (
        prop::option::of(ids()),
        prop::option::of(account_refs()),
        prop::option::of(ids()),
    );
    let expires_in = any::<Option<u32>>();
    let money = (prop::option::of(amounts()), legs());
    let instructions = (kinds(), ends, money, texts(), texts(), expires_in).prop_map(
        |(kind, (source, destination, original), money, reference, metadata, expires_in)| {
            let (amount, legs) = money;
            Instruction {
                kind,
                source,
                destination,
                amount,
                reference,
                metadata,
                original,
                expires_in,
                legs,
            }
        },
    );
    let who = (authorities(), actors(), prop::option::of(ids()), texts());
    (
        ids(),
        any::<[u8; 32]>(),
        who,
        instructions,
        texts(),
        any::<i64>(),
    )
        .prop_map(
            |(id, fingerprint, who, instruction, denied_by, requested_at_ms)| {
                let (authority, actor, on_behalf_of, request_id) = who;
                Transfer {
                    id,
                    fingerprint,
                    authority,
                    actor,
                    on_behalf_of,
                    request_id,
                    instruction,
                    denied_by,
                    requested_at_ms,
                }
            },
        )
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

/// Postings: the fields of a transfer, and those that the ledger adds.
fn postings() -> impl Strategy<Value = Posting> {
    let resolutions = prop::option::of((ids(), kinds(), any::<i64>()));
    let ends = (parties(), parties(), any::<Option<i64>>(), resolutions);
    let legs = (recorded_legs(), any::<Option<u32>>());
    (
        transfers(),
        any::<u64>(),
        decisions(),
        ends,
        legs,
        any::<i64>(),
    )
        .prop_map(
            |(asked, sequence, (status, decline), ends, legs, recorded_at_ms)| {
                let (legs, declined_leg) = legs;
                let (source, destination, expires_at_ms, resolution) = ends;
                let amount = asked.instruction.amount;
                Posting {
                    id: asked.id,
                    sequence,
                    fingerprint: asked.fingerprint,
                    kind: asked.instruction.kind,
                    status,
                    decline,
                    denied_by: asked.denied_by,
                    actor: asked.actor,
                    on_behalf_of: asked.on_behalf_of,
                    request_id: asked.request_id,
                    source,
                    destination,
                    original: asked.instruction.original,
                    expires_at_ms,
                    resolution: resolution.map(|(id, kind, minor)| Resolution {
                        id,
                        kind,
                        amount: amount.map(|it| Money::from_minor(minor, it.currency())),
                        recorded_at_ms: minor,
                    }),
                    amount,
                    legs,
                    declined_leg,
                    reference: asked.instruction.reference,
                    metadata: asked.instruction.metadata,
                    requested_at_ms: asked.requested_at_ms,
                    recorded_at_ms,
                }
            },
        )
}

fn refusals() -> impl Strategy<Value = Refusal> {
    (".{0,12}", ".{0,12}", ".{0,12}").prop_map(|(code, pointer, detail)| Refusal {
        code,
        pointer,
        detail,
    })
}

fn lines() -> impl Strategy<Value = BatchLine> {
    let payments = (ids(), account_refs(), amounts(), texts(), texts(), texts());
    prop_oneof![
        4 => payments.prop_map(|(source, destination, amount, reference, metadata, denied_by)| BatchLine::Transfer {
            instruction: Instruction {
                source: Some(source),
                destination: Some(destination),
                reference,
                metadata,
                ..Instruction::new(Kind::Transfer, amount)
            },
            denied_by,
        }),
        1 => refusals().prop_map(BatchLine::Refused),
    ]
}

fn batches() -> impl Strategy<Value = Batch> {
    let lines = prop::collection::vec(lines(), 0..6);
    (transfers(), any::<bool>(), lines).prop_map(|(asked, atomic, lines)| Batch {
        id: asked.id,
        fingerprint: asked.fingerprint,
        authority: asked.authority,
        actor: asked.actor,
        on_behalf_of: asked.on_behalf_of,
        request_id: asked.request_id,
        instruction: BatchInstruction { atomic, lines },
        requested_at_ms: asked.requested_at_ms,
    })
}

fn outcomes() -> impl Strategy<Value = Vec<LineOutcome>> {
    let outcome = prop_oneof![
        4 => postings().prop_map(|posting| LineOutcome::Recorded(Box::new(posting))),
        1 => refusals().prop_map(LineOutcome::Refused),
    ];
    prop::collection::vec(outcome, 0..6)
}

fn batch_records() -> impl Strategy<Value = BatchRecord> {
    (transfers(), any::<bool>(), outcomes(), any::<i64>()).prop_map(
        |(asked, atomic, outcomes, recorded_at_ms)| BatchRecord {
            id: asked.id,
            fingerprint: asked.fingerprint,
            actor: asked.actor,
            on_behalf_of: asked.on_behalf_of,
            atomic,
            outcomes,
            requested_at_ms: asked.requested_at_ms,
            recorded_at_ms,
        },
    )
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
    let transfer = Transfer::from_wit(transfer()).unwrap();
    let party = Party {
        account_id: Uuid::from_u128(2),
        owner_id: Uuid::from_u128(6),
    };
    Posting {
        id: transfer.id,
        sequence: 1,
        fingerprint: transfer.fingerprint,
        kind: Kind::Transfer,
        status: Status::Posted,
        decline: None,
        denied_by: None,
        actor: transfer.actor,
        on_behalf_of: None,
        request_id: None,
        source: Some(party),
        destination: Some(party),
        original: None,
        expires_at_ms: None,
        resolution: Some(Resolution {
            id: Uuid::from_u128(4),
            kind: Kind::Reversal,
            amount: transfer.instruction.amount,
            recorded_at_ms: 5,
        }),
        amount: transfer.instruction.amount,
        legs: Vec::new(),
        declined_leg: None,
        reference: None,
        metadata: None,
        requested_at_ms: 9,
        recorded_at_ms: 10,
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
