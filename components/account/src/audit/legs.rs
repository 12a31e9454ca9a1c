//! I1, I6: checks the rows of postings of several legs against their legs.

use crate::ledger::{Entry, JournalRow, is_balanced};
use std::collections::HashMap;
use strongroom_ledger_api::{Party, RecordedLeg, first_debited};
use strongroom_sdk::store::{ManyRows, Row, Store, StoreError, Value};

/// The accounts of entries. The host runs a statement of a few rows without a thread of its own.
const ACCOUNTS: ManyRows = ManyRows {
    before: "SELECT key, id, owner_id, currency FROM account WHERE key IN (VALUES ",
    row: "(?)",
    after: ")",
};

/// Whether the entries of a posted row are those of its legs, in their order, and add up to zero in
/// each currency.
pub fn are_balanced<S: Store>(
    store: &S,
    row: &JournalRow,
    entries: &[Entry],
) -> Result<bool, StoreError> {
    let legs = &row.posting.legs;
    let accounts = accounts(store, entries)?;
    let is_of_leg = |(entry, leg): (&Entry, &RecordedLeg)| {
        let (party, currency) = match accounts.get(&entry.account_key) {
            Some((party, currency)) => (Some(*party), currency.as_str()),
            None => return false,
        };
        leg.account == party
            && leg.direction == entry.direction
            && leg.amount.minor() == entry.amount_minor
            && leg.amount.currency().code() == currency
    };
    let has_no_side = row.debit.is_none() && row.credit.is_none();
    Ok(has_no_side
        && row.posting.declined_leg.is_none()
        && entries.len() == legs.len()
        && entries.iter().zip(legs).all(is_of_leg)
        && is_balanced(legs.iter().map(|leg| (leg.direction, leg.amount))))
}

/// Whether a row without entries names as its payer the account that its legs debit first. A row
/// without legs does.
pub fn names_its_payer(row: &JournalRow) -> bool {
    let party = row.debit.map(Party::from);
    let legs = &row.posting.legs;
    legs.is_empty() || (party == first_debited(legs) && row.credit.is_none())
}

/// The accounts of entries by their keys, each with its currency.
fn accounts<S: Store>(
    store: &S,
    entries: &[Entry],
) -> Result<HashMap<i64, (Party, String)>, StoreError> {
    let keys = entries.iter().map(|entry| Value::from(entry.account_key));
    let mut accounts = HashMap::new();
    for statement in ACCOUNTS.statements(keys.collect()) {
        for row in store.query(&statement.sql, &statement.values)? {
            let (key, account) = account(&row)?;
            accounts.insert(key, account);
        }
    }
    Ok(accounts)
}

fn account(row: &Row) -> Result<(i64, (Party, String)), StoreError> {
    let party = Party {
        account_id: row.uuid(1)?,
        owner_id: row.uuid(2)?,
    };
    Ok((row.integer(0)?, (party, row.text(3)?)))
}
