//! Goal: the ledger checks each field of a transfer, and records nothing of a wrong one.

use super::super::validate::validate;
use super::*;
use strongroom_ledger_api::{HOLD_SECONDS_MAX, REFERENCE_CHARACTERS_MAX};
use strongroom_sdk::metadata;
use strongroom_sdk::money::AMOUNT_MINOR_MAX;

pub(super) fn valid(kind: Kind) -> Transfer {
    let [a, b] = [1, 2].map(|id| Some(Uuid::from_u128(id)));
    let (source, destination) = match kind {
        Kind::Deposit => (None, b),
        Kind::Withdrawal => (a, None),
        Kind::Transfer | Kind::Hold => (a, b),
        Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => {
            return holds::of_original(9, kind, 1, 100);
        }
        Kind::Posting => return legs::posting(9, legs::two(100)),
    };
    transfer(9, kind, source, destination, 100)
}

/// The field that the ledger refuses after a change of a valid transfer.
fn refused(kind: Kind, change: impl Fn(&mut Transfer)) -> Option<&'static str> {
    let mut transfer = valid(kind);
    change(&mut transfer);
    let fields = rows! {
        "kind", "authority", "expires-in", "amount", "reference", "legs", "metadata",
        "denied-by", "request-id",
    };
    let error = validate(&transfer).err()?;
    let is_it = |field: &&str| error == LedgerError::invalid(field);
    fields.into_iter().find(is_it)
}

#[test]
fn each_kind_names_its_accounts_or_its_original_and_nothing_else() {
    const ID: Uuid = Uuid::from_u128(5);
    fn flip<T>(named: &mut Option<T>, value: T) {
        *named = named.is_none().then_some(value);
    }
    let changes: [fn(&mut Transfer); 3] = [
        |it| flip(&mut it.instruction.source, ID),
        |it| flip(&mut it.instruction.destination, AccountRef::Id(ID)),
        |it| flip(&mut it.instruction.original, ID),
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
        for (seconds, fits_hold) in rows! {
            (None, false), (Some(0), false), (Some(1), true), (Some(HOLD_SECONDS_MAX), true),
            (Some(HOLD_SECONDS_MAX + 1), false),
        } {
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
fn only_a_payment_between_two_accounts_is_denied() {
    for kind in Kind::ALL {
        let found = refused(*kind, |it| it.denied_by = Some(RULE.to_owned()));
        let denied = [Kind::Deposit, Kind::Withdrawal, Kind::Transfer, Kind::Hold];
        let expected = (!denied.contains(kind)).then_some("denied-by");
        assert_eq!(found, expected, "{kind:?}");
    }
}

#[test]
fn every_other_field_has_its_limits() {
    let of = |change: &dyn Fn(&mut Transfer)| refused(Kind::Transfer, change);
    let amount = |minor| of(&|it| it.instruction.amount = Some(eur(minor)));
    assert_eq!([1, AMOUNT_MINOR_MAX].map(amount), [None; 2]);
    let wrong = [0, -1, AMOUNT_MINOR_MAX + 1];
    assert_eq!(wrong.map(amount), [Some("amount"); 3]);
    let long = |length| "\u{e9}".repeat(length);
    let reference = |length| of(&|it| it.instruction.reference = Some(long(length)));
    assert_eq!(reference(REFERENCE_CHARACTERS_MAX), None);
    assert_eq!(reference(REFERENCE_CHARACTERS_MAX + 1), Some("reference"));
    let metadata = |text: &str| of(&|it| it.instruction.metadata = Some(text.to_owned()));
    let object = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert_eq!(metadata(&object(metadata::BYTES_MAX)), None);
    for wrong in ["[]", "{", &object(metadata::BYTES_MAX + 1)] {
        assert_eq!(metadata(wrong), Some("metadata"), "{wrong}");
    }
    let rule = |text: &str| of(&|it| it.denied_by = Some(text.to_owned()));
    assert_eq!(["r_1", "R"].map(rule), [None, Some("denied-by")]);
    let request = |length| of(&|it| it.request_id = Some("7".repeat(length)));
    assert_eq!([1, 128].map(request), [None; 2]);
    assert_eq!([0, 129].map(request), [Some("request-id"); 2]);
}

#[test]
fn a_wrong_transfer_leaves_no_trace() {
    let (store, from, to) = bank();
    let nothing = posted(&store, &pay(2, &from, &to, 0));
    assert_eq!(nothing, Err(LedgerError::invalid("amount")));
    for (line, field) in rows! {
        (batch::line(&from, &to, 0), "amount"),
        (kit::denied_by("No Rule", batch::line(&from, &to, 1)), "denied-by"),
    } {
        let batch = batch::batch(10, false, [batch::line(&from, &to, 1), line]);
        let invalid = Err(LedgerError::invalid(field));
        assert_eq!(posted_batch(&store, &batch), invalid);
        assert_eq!(ledger_of(store.clone()).find_batch(batch.id), Ok(None));
    }
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 1);
}
