//! A posting of several legs as the payments that a screening judges.

use std::collections::VecDeque;
use strongroom_ledger_api::{
    AccountRef, Direction, Instruction, Kind, Leg, Transfer, line_fingerprint, line_id,
};
use strongroom_sdk::money::Money;

/// The posting as transfers from one account to another, each with the leg that pays. In each
/// currency, the debits in their order pay for the credits in theirs: `n` legs are less than `n`
/// payments, of the same sums. Ids and fingerprints are derived as those of a batch's lines, so
/// that each payment has a verdict of its own, and a retry the same ones.
pub fn payments(posting: &Transfer) -> Vec<(usize, Transfer)> {
    let mut payments = Vec::new();
    let legs = &posting.instruction.legs;
    let mut credits: VecDeque<(&Leg, i64)> = legs
        .iter()
        .filter(|leg| leg.direction == Direction::Credit)
        .map(|leg| (leg, leg.amount.minor()))
        .collect();
    for (index, debit) in legs.iter().enumerate() {
        let mut left = match debit.direction {
            Direction::Debit => debit.amount.minor(),
            Direction::Credit => 0,
        };
        while left > 0 {
            let currency = debit.amount.currency();
            let of_currency = |(leg, _): &(&Leg, i64)| leg.amount.currency() == currency;
            // The ledger refuses what does not balance.
            let Some(place) = credits.iter().position(of_currency) else {
                break;
            };
            let Some((credit, open)) = credits.get_mut(place) else {
                break;
            };
            let minor = left.min(*open);
            let amount = Money::from_minor(minor, currency);
            let instruction = Instruction {
                source: Some(debit.account),
                destination: Some(AccountRef::Id(credit.account)),
                reference: posting.instruction.reference.clone(),
                ..Instruction::new(Kind::Transfer, amount)
            };
            left = left.saturating_sub(minor);
            *open = open.saturating_sub(minor);
            if *open <= 0 {
                credits.remove(place);
            }
            payments.push((index, payment(posting, payments.len(), instruction)));
        }
    }
    payments
}

fn payment(posting: &Transfer, index: usize, instruction: Instruction) -> Transfer {
    Transfer {
        id: line_id(posting.id, index),
        fingerprint: line_fingerprint(&posting.fingerprint, index),
        instruction,
        ..posting.clone()
    }
}

#[cfg(test)]
mod tests;
