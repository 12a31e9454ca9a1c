//! The legs of a row: whether they balance, those of a reversal, and how they are stored and
//! hashed. [`chain`](super::chain) documents the bytes.

use super::columns::money;
use crate::account::Direction;
use std::collections::BTreeMap;
use strongroom_ledger_api::{LEGS_MAX, LEGS_MIN, Party, Posting, RecordedLeg};
use strongroom_sdk::money::Money;
use strongroom_sdk::store::{Row, StoreError};
use uuid::Uuid;

/// Whether debits equal credits in each currency.
pub fn is_balanced(legs: impl IntoIterator<Item = (Direction, Money)>) -> bool {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for (direction, amount) in legs {
        let minor = i128::from(amount.minor());
        *sums.entry(amount.currency().code()).or_default() += match direction {
            Direction::Debit => -minor,
            Direction::Credit => minor,
        };
    }
    sums.values().all(|sum| *sum == 0)
}

/// The legs of a reversal.
pub fn mirrored(legs: &[RecordedLeg]) -> Vec<RecordedLeg> {
    let mirrored = legs.iter().map(|leg| RecordedLeg {
        direction: leg.direction.opposite(),
        ..*leg
    });
    mirrored.collect()
}

/// The stored form of a posting's legs.
pub fn encoded(posting: &Posting) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(&mut bytes, &posting.legs, posting.declined_leg);
    bytes
}

/// Appends legs.
pub fn push(bytes: &mut Vec<u8>, legs: &[RecordedLeg], declined: Option<u32>) {
    // There are at most 100.
    let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    bytes.push(byte(legs.len()));
    bytes.push(declined.map_or(0, |index| byte(index as usize + 1)));
    for leg in legs {
        bytes.push(u8::from(leg.account.is_some()));
        if let Some(party) = leg.account {
            bytes.extend_from_slice(party.account_id.as_bytes());
            bytes.extend_from_slice(party.owner_id.as_bytes());
        }
        bytes.push(leg.direction.chain_code());
        bytes.extend_from_slice(&leg.amount.minor().to_be_bytes());
        bytes.extend_from_slice(leg.amount.currency().code().as_bytes());
    }
}

/// Reads the legs of a column, and the declined one.
///
/// # Errors
/// [`StoreError::Row`] for any bytes that [`push`] does not write.
pub fn from_row(row: &Row, column: usize) -> Result<(Vec<RecordedLeg>, Option<u32>), StoreError> {
    let bytes = row.blob(column)?;
    decode(&bytes).ok_or_else(|| StoreError::Row("its legs are malformed".to_owned()))
}

fn decode(bytes: &[u8]) -> Option<(Vec<RecordedLeg>, Option<u32>)> {
    let mut reader = LegReader(bytes);
    let [count, declined] = reader.take()?;
    if !(LEGS_MIN..=LEGS_MAX).contains(&usize::from(count)) || declined > count {
        return None;
    }
    let legs = (0..count).map(|_| reader.leg()).collect::<Option<_>>()?;
    let declined = u32::from(declined).checked_sub(1);
    reader.0.is_empty().then_some((legs, declined))
}

struct LegReader<'a>(&'a [u8]);

impl LegReader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn leg(&mut self) -> Option<RecordedLeg> {
        let account = match self.take()? {
            [0] => None,
            [1] => Some(Party {
                account_id: Uuid::from_bytes(self.take()?),
                owner_id: Uuid::from_bytes(self.take()?),
            }),
            _ => return None,
        };
        let code = self.take::<1>()?;
        let is_code = |direction: &&Direction| [direction.chain_code()] == code;
        let direction = *Direction::ALL.iter().find(is_code)?;
        let minor = i64::from_be_bytes(self.take()?);
        let currency: [u8; 3] = self.take()?;
        Some(RecordedLeg {
            account,
            direction,
            amount: money(minor, std::str::from_utf8(&currency).ok()?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;

    fn legs() -> impl Strategy<Value = Vec<RecordedLeg>> {
        let party = (any::<u128>(), any::<u128>()).prop_map(|(account, owner)| Party {
            account_id: Uuid::from_u128(account),
            owner_id: Uuid::from_u128(owner),
        });
        let codes = prop::sample::select(vec!["EUR", "JPY", "KWD"]);
        let directions = prop::sample::select(Direction::ALL);
        let leg = (prop::option::of(party), directions, any::<i64>(), codes);
        let leg = leg.prop_map(|(account, direction, minor, code)| RecordedLeg {
            account,
            direction,
            amount: money(minor, code).unwrap(),
        });
        prop::collection::vec(leg, LEGS_MIN..=LEGS_MAX)
    }

    #[test]
    fn too_few_legs_and_a_declined_one_that_is_not_there_are_malformed() {
        let leg = RecordedLeg {
            account: None,
            direction: Direction::ALL[0],
            amount: money(1, "EUR").unwrap(),
        };
        for (count, declined) in [(LEGS_MIN - 1, None), (LEGS_MIN, Some(2))] {
            let mut bytes = Vec::new();
            push(&mut bytes, &vec![leg; count], declined);
            assert_eq!(decode(&bytes), None, "{count} legs");
        }
    }

    proptest! {
        #[test]
        fn legs_are_read_as_they_were_written_and_in_no_other_form(
            legs in legs(), declined in 0_u32..=100, place in any::<Index>(), byte in any::<u8>(),
        ) {
            let declined = declined.checked_sub(1).filter(|index| (*index as usize) < legs.len());
            let mut bytes = Vec::new();
            push(&mut bytes, &legs, declined);
            prop_assert_eq!(decode(&bytes), Some((legs, declined)));
            let place = place.index(bytes.len());
            let mut changed = bytes.clone();
            changed[place] = byte;
            if let Some((legs, declined)) = decode(&changed) {
                let mut again = Vec::new();
                push(&mut again, &legs, declined);
                prop_assert_eq!(again, changed);
            }
            bytes.push(0);
            prop_assert_eq!(decode(&bytes), None);
        }
    }
}
