//! The settlement accounts of the bank: the other side of deposits and withdrawals, one for each
//! currency.

use crate::account::open::{insert, zero};
use crate::account::{Account, AccountStatus, AccountType, BANK_OWNER};
use sha2::{Digest, Sha256};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::money::Currency;
use strongroom_sdk::store::{StoreError, Transaction};
use uuid::Uuid;

/// The account's id (UUID v8) is a hash of its currency: posting needs no randomness to open the
/// account, and no search to find it.
pub(crate) fn id_of(currency: Currency) -> Uuid {
    let digest = Sha256::digest(format!("strongroom settlement account {currency}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Opens the settlement account of a currency, at the currency's first deposit or withdrawal.
pub(crate) fn open(
    transaction: &impl Transaction,
    clock: &impl Clock,
    currency: Currency,
) -> Result<Account, StoreError> {
    let mut account = Account {
        key: 0,
        id: id_of(currency),
        // No IBAN: no client ever names it.
        number: format!("SETTLEMENT-{}", currency.code()),
        owner_id: BANK_OWNER,
        account_type: AccountType::Settlement,
        code: None,
        name: None,
        metadata: Metadata::default(),
        currency,
        status: AccountStatus::Open,
        freeze: None,
        balance: zero(None),
        version: 1,
        created_at_ms: clock.now_ms(),
        entry_count: 0,
    };
    let inserted = insert(transaction, &mut account, &Actor::BANK)?;
    assert!(inserted, "a currency has one settlement account");
    Ok(account)
}
