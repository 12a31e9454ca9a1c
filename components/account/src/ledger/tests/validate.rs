//! Goal: each field of a transfer is checked, and what is not as it must be leaves no trace.

use super::super::validate::validate;
use super::*;
use strongroom_ledger_api::{HOLD_SECONDS_MAX, METADATA_BYTES_MAX, REFERENCE_CHARACTERS_MAX};
use strongroom_sdk::money::AMOUNT_MINOR_MAX;

/// A transfer of a kind that names what it must.
fn valid(kind: Kind) -> Transfer {
    let [a, b] = [1, 2].map(|id| Some(Uuid::from_u128(id)));
    let (source, destination) = match kind {
        Kind::Deposit => (None, b),
        Kind::Withdrawal => (a, None),
        Kind::Transfer | Kind::Hold => (a, b),
        Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => {
            return holds::of_original(9, kind, 1, 100);
        }
    };
    transfer(9, kind, source, destination, 100)
}

fn checked(kind: Kind, change: &dyn Fn(&mut Transfer)) -> Result<(), LedgerError> {
    let mut transfer = valid(kind);
    change(&mut transfer);
    validate(&transfer)
}

#[test]
fn each_kind_names_its_accounts_or_its_original_and_nothing_else() {
    type Change<'a> = &'a dyn Fn(&mut Transfer);
    let turn_source: Change<'_> = &|bad| {
        let turned = Some(Uuid::from_u128(5)).xor(bad.instruction.source.take());
        bad.instruction.source = turned;
    };
    let turn_destination: Change<'_> = &|bad| {
        let turned = Some(AccountRef::Id(Uuid::from_u128(5)));
        bad.instruction.destination = turned.xor(bad.instruction.destination.take());
    };
    let turn_original: Change<'_> = &|bad| {
        let turned = Some(Uuid::from_u128(5)).xor(bad.instruction.original.take());
        bad.instruction.original = turned;
    };
    for kind in Kind::ALL {
        assert_eq!(checked(*kind, &|_| {}), Ok(()), "{kind:?}");
        for change in [turn_source, turn_destination, turn_original] {
            let invalid = Err(LedgerError::invalid("kind"));
            assert_eq!(checked(*kind, change), invalid, "{kind:?}");
        }
    }
}

#[test]
fn customers_neither_pay_in_nor_reverse_nor_let_expire() {
    for kind in Kind::ALL {
        let by_owner = checked(*kind, &|it| it.authority = DebitAuthority::Owner(ALICE));
        let is_of_bank = matches!(kind, Kind::Deposit | Kind::Expiry | Kind::Reversal);
        let expected = match is_of_bank {
            true => Err(LedgerError::invalid("authority")),
            false => Ok(()),
        };
        assert_eq!(by_owner, expected, "{kind:?}");
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
            let expected = match fits {
                true => Ok(()),
                false => Err(LedgerError::invalid("expires-in")),
            };
            let checked = checked(*kind, &|it| it.instruction.expires_in = seconds);
            assert_eq!(checked, expected, "{kind:?} {seconds:?}");
        }
    }
}

#[test]
fn every_other_field_has_its_limits() {
    let metadata = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    for (field, change, fits) in [
        (
            "amount",
            &(|it: &mut Transfer| it.instruction.amount = eur(0)) as &dyn Fn(&mut Transfer),
            false,
        ),
        ("amount", &|it| it.instruction.amount = eur(-1), false),
        ("amount", &|it| it.instruction.amount = eur(1), true),
        (
            "amount",
            &|it| it.instruction.amount = eur(AMOUNT_MINOR_MAX),
            true,
        ),
        (
            "amount",
            &|it| it.instruction.amount = eur(AMOUNT_MINOR_MAX + 1),
            false,
        ),
        ("reference", &|it| it.instruction.reference = None, true),
        (
            "reference",
            &|it| it.instruction.reference = Some("\u{e9}".repeat(REFERENCE_CHARACTERS_MAX)),
            true,
        ),
        (
            "reference",
            &|it| it.instruction.reference = Some("\u{e9}".repeat(REFERENCE_CHARACTERS_MAX + 1)),
            false,
        ),
        ("metadata", &|it| it.instruction.metadata = None, true),
        (
            "metadata",
            &|it| it.instruction.metadata = Some("[]".to_owned()),
            false,
        ),
        (
            "metadata",
            &|it| it.instruction.metadata = Some("{".to_owned()),
            false,
        ),
        (
            "metadata",
            &|it| it.instruction.metadata = Some(metadata(METADATA_BYTES_MAX)),
            true,
        ),
        (
            "metadata",
            &|it| it.instruction.metadata = Some(metadata(METADATA_BYTES_MAX + 1)),
            false,
        ),
        (
            "denied-by",
            &|it| it.denied_by = Some("r_1".to_owned()),
            true,
        ),
        (
            "denied-by",
            &|it| it.denied_by = Some("R".to_owned()),
            false,
        ),
        (
            "request-id",
            &|it| it.request_id = Some("7".to_owned()),
            true,
        ),
        (
            "request-id",
            &|it| it.request_id = Some("7".repeat(128)),
            true,
        ),
        (
            "request-id",
            &|it| it.request_id = Some("7".repeat(129)),
            false,
        ),
        (
            "request-id",
            &|it| it.request_id = Some(String::new()),
            false,
        ),
    ] {
        let expected = match fits {
            true => Ok(()),
            false => Err(LedgerError::invalid(field)),
        };
        assert_eq!(checked(Kind::Transfer, change), expected, "{field}");
    }
}

#[test]
fn what_is_not_a_transfer_leaves_no_trace() {
    let (store, from, to) = bank();
    let nothing = pay(2, &from, &to, 0);
    let invalid = LedgerError::invalid("amount");
    assert_eq!(post(&store, &CLOCK, &nothing), Err(invalid.clone()));
    let line = batch::line(&from, &to, 0);
    let batch = batch::batch(10, false, [batch::line(&from, &to, 1), line]);
    assert_eq!(post_batch(&store, &CLOCK, &batch), Err(invalid));
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 1);
    assert_eq!(ledger_of(store).find_batch(batch.id), Ok(None));
}
