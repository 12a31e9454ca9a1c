//! What the tests of this crate share: a value of each record, with something in each field.

use crate::{
    AccountRef, Actor, Batch, BatchInstruction, BatchLine, DebitAuthority, Decline, Direction,
    Instruction, Kind, Leg, Party, Posting, RecordedLeg, Refusal, Resolution, Status, Transfer,
};
use strongroom_sdk::money::{Currency, Money};
use uuid::Uuid;

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn money(minor: i64, code: &str) -> Money {
    Money::from_minor(minor, Currency::from_code(code).unwrap())
}

pub fn party(owner: u128) -> Option<Party> {
    Some(Party {
        account_id: id(owner + 0x100),
        owner_id: id(owner),
    })
}

pub fn transfer() -> Transfer {
    let leg = |direction, denied_by| Leg {
        account: id(5),
        direction,
        amount: money(i64::MAX, "JPY"),
        denied_by,
    };
    let legs = vec![
        leg(Direction::Debit, Some("list_7".to_owned())),
        leg(Direction::Credit, None),
    ];
    Transfer {
        id: id(1),
        fingerprint: std::array::from_fn(|place| place as u8),
        authority: DebitAuthority::Owner(id(6)),
        actor: Actor::user(id(7)),
        on_behalf_of: Some(id(8)),
        request_id: Some("request-7".to_owned()),
        instruction: Instruction {
            source: Some(id(2)),
            destination: Some(AccountRef::Id(id(3))),
            reference: Some("caf\u{e9} \u{0}".to_owned()),
            metadata: Some("{}".to_owned()),
            original: Some(id(4)),
            expires_in: Some(60),
            legs,
            ..Instruction::new(Kind::Transfer, money(-5, "EUR"))
        },
        denied_by: Some("list_8".to_owned()),
        requested_at_ms: i64::MIN,
    }
}

pub fn posting() -> Posting {
    let asked = transfer();
    let leg = |account| RecordedLeg {
        account,
        direction: Direction::Debit,
        amount: money(i64::MIN, "KWD"),
    };
    Posting {
        id: asked.id,
        sequence: u64::MAX,
        fingerprint: asked.fingerprint,
        kind: Kind::Hold,
        status: Status::Declined,
        decline: Some(Decline::AccountClosed),
        denied_by: asked.denied_by,
        actor: asked.actor,
        on_behalf_of: asked.on_behalf_of,
        request_id: asked.request_id,
        source: party(2),
        destination: party(3),
        original: asked.instruction.original,
        expires_at_ms: Some(11),
        resolution: Some(Resolution {
            id: id(9),
            kind: Kind::Reversal,
            amount: Some(money(4, "EUR")),
            recorded_at_ms: 12,
        }),
        amount: asked.instruction.amount,
        legs: vec![leg(party(5)), leg(None)],
        declined_leg: Some(1),
        reference: asked.instruction.reference,
        metadata: asked.instruction.metadata,
        requested_at_ms: asked.requested_at_ms,
        recorded_at_ms: 10,
    }
}

pub fn refusal() -> Refusal {
    Refusal {
        code: "amount_invalid".to_owned(),
        pointer: "/amount".to_owned(),
        detail: "must be greater than zero".to_owned(),
    }
}

pub fn batch() -> Batch {
    let asked = transfer();
    let payment = BatchLine::Transfer {
        instruction: asked.instruction,
        denied_by: asked.denied_by,
    };
    Batch {
        id: asked.id,
        fingerprint: asked.fingerprint,
        authority: DebitAuthority::Bank,
        actor: asked.actor,
        on_behalf_of: asked.on_behalf_of,
        request_id: asked.request_id,
        instruction: BatchInstruction {
            atomic: true,
            lines: vec![BatchLine::Refused(refusal()), payment],
        },
        requested_at_ms: 9,
    }
}
