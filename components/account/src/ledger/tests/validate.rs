//! Goal: the ledger checks each field of a transfer, and records nothing of a wrong one.

use super::super::validate::validate;
use super::*;
use strongroom_ledger_api::{HOLD_SECONDS_MAX, REFERENCE_CHARACTERS_MAX};
use strongroom_sdk::metadata;
use strongroom_sdk::money::AMOUNT_MINOR_MAX;

/// A valid transfer of a kind.
fn valid(kind: Kind) -> Transfer {
    let [a, b] = [1, 2].map(|id| Some(Uuid::from_u128(id)));
    let (source, destination) = match kind {
        Kind::Deposit => (None, b),
        Kind::Withdrawal => (a, None),
        Kind::Transfer | Kind::Hold => (a, b),
        Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => {
            return holds::of_original(9, kind, 1, 100);
        }
        Kind::Posting => return legs::posting(9, legs::TWO.map(|leg| leg.leg()).to_vec()),
    };
    transfer(9, kind, source, destination, 100)
}

type Change = fn(&mut Transfer);

/// The field that the ledger refuses after a change of a valid transfer.
fn refused(kind: Kind, change: impl Fn(&mut Transfer)) -> Option<&'static str> {
    let mut transfer = valid(kind);
    change(&mut transfer);
    let fields = [
        "kind",
        "authority",
        "expires-in",
        "amount",
        "reference",
        "legs",
        "metadata",
        "denied-by",
        "request-id",
    ];
    let error = validate(&transfer).err()?;
    fields
        .into_iter()
        .find(|field| error == LedgerError::invalid(field))
}

#[test]
fn each_kind_names_its_accounts_or_its_original_and_nothing_else() {
    const ID: Uuid = Uuid::from_u128(5);
    let changes: [Change; 3] = [
        |it| it.instruction.source = Some(ID).xor(it.instruction.source.take()),
        |it| {
            let destination = it.instruction.destination.take();
            it.instruction.destination = Some(AccountRef::Id(ID)).xor(destination);
        },
        |it| it.instruction.original = Some(ID).xor(it.instruction.original.take()),
    ];
    for kind in Kind::ALL {
        assert_eq!(refused(*kind, |_| {}), None, "{kind:?}");
        for change in changes {
            assert_eq!(refused(*kind, change), Some("kind"), "{kind:?}");
        }
    }
}

#[test]
fn customers_neither_pay_in_nor_reverse_nor_let_expire() {
    for kind in Kind::ALL {
        let found = refused(*kind, |it| it.authority = DebitAuthority::Owner(ALICE));
        let is_of_bank = matches!(kind, Kind::Deposit | Kind::Expiry | Kind::Reversal);
        assert_eq!(found, is_of_bank.then_some("authority"), "{kind:?}");
    }
}

#[test]
fn a_hold_alone_has_a_time_of_at_most_90_days() {
    for kind in Kind::ALL {
        for (seconds, fits_hold) in [
            (None, false),
            (Some(0), false),
            (Some(1), true),
            (Some(HOLD_SECONDS_MAX), true),
            (Some(HOLD_SECONDS_MAX + 1), false),
        ] {
            let fits = match kind {
                Kind::Hold => fits_hold,
                _ => seconds.is_none(),
            };
            let found = refused(*kind, |it| it.instruction.expires_in = seconds);
            let expected = (!fits).then_some("expires-in");
            assert_eq!(found, expected, "{kind:?} {seconds:?}");
        }
    }
}

#[test]
fn every_other_field_has_its_limits() {
    let is = |field, change: &dyn Fn(&mut Transfer), fits: bool| {
        let found = refused(Kind::Transfer, change);
        assert_eq!(found, (!fits).then_some(field), "{field}");
    };
    for (minor, fits) in [
        (0, false),
        (-1, false),
        (1, true),
        (AMOUNT_MINOR_MAX, true),
        (AMOUNT_MINOR_MAX + 1, false),
    ] {
        is(
            "amount",
            &|it| it.instruction.amount = Some(eur(minor)),
            fits,
        );
    }
    let long = |characters| "\u{e9}".repeat(characters);
    for (text, fits) in [
        (None, true),
        (Some(long(REFERENCE_CHARACTERS_MAX)), true),
        (Some(long(REFERENCE_CHARACTERS_MAX + 1)), false),
    ] {
        is(
            "reference",
            &|it| it.instruction.reference = text.clone(),
            fits,
        );
    }
    let object = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    for (text, fits) in [
        (None, true),
        (Some("[]".to_owned()), false),
        (Some("{".to_owned()), false),
        (Some(object(metadata::BYTES_MAX)), true),
        (Some(object(metadata::BYTES_MAX + 1)), false),
    ] {
        is(
            "metadata",
            &|it| it.instruction.metadata = text.clone(),
            fits,
        );
    }
    for (rule, fits) in [("r_1", true), ("R", false)] {
        is(
            "denied-by",
            &|it| it.denied_by = Some(rule.to_owned()),
            fits,
        );
    }
    for (length, fits) in [(1, true), (128, true), (129, false), (0, false)] {
        is(
            "request-id",
            &|it| it.request_id = Some("7".repeat(length)),
            fits,
        );
    }
}

#[test]
fn a_wrong_transfer_leaves_no_trace() {
    let (store, from, to) = bank();
    let nothing = pay(2, &from, &to, 0);
    let invalid = LedgerError::invalid("amount");
    assert_eq!(posted(&store, &nothing), Err(invalid.clone()));
    let line = batch::line(&from, &to, 0);
    let batch = batch::batch(10, false, [batch::line(&from, &to, 1), line]);
    assert_eq!(posted_batch(&store, &batch), Err(invalid));
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 1);
    assert_eq!(ledger_of(store).find_batch(batch.id), Ok(None));
}
