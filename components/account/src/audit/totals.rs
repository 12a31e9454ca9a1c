//! I1, I9: checks that the accounts of each currency add up to zero, and their holds too.

use crate::account::Account;
use std::collections::BTreeMap;
use strongroom_sdk::audit::{Check, Report, Total};
use strongroom_sdk::money::{Currency, Money};

/// The sums of all accounts, by currency.
#[derive(Debug, Default)]
pub struct Totals(BTreeMap<&'static str, CurrencySums>);

#[derive(Debug)]
struct CurrencySums {
    currency: Currency,
    accounts: u64,
    customers: i128,
    of_bank: i128,
    /// Pending credits less pending debits.
    pending: i128,
}

impl Totals {
    /// Adds an account.
    pub fn add(&mut self, account: &Account) {
        let balance = &account.balance;
        let sums = self
            .0
            .entry(account.currency.code())
            .or_insert(CurrencySums {
                currency: account.currency,
                accounts: 0,
                customers: 0,
                of_bank: 0,
                pending: 0,
            });
        sums.accounts += 1;
        let posted = i128::from(balance.posted());
        if account.account_type.is_of_bank() {
            sums.of_bank += posted;
        } else {
            sums.customers += posted;
        }
        sums.pending += i128::from(balance.credits_pending) - i128::from(balance.debits_pending);
    }

    /// Checks and reports the sums.
    pub fn report(&self, report: &mut Report) {
        let mut check =
            Check::new("in each currency, customers' accounts and the bank's own add up to zero");
        for (code, sums) in &self.0 {
            let (customers, of_bank, pending) = (sums.customers, sums.of_bank, sums.pending);
            check.examined += sums.accounts;
            check.require(customers + of_bank == 0, || {
                format!("{code}: customers {customers}, the bank {of_bank}, in minor units")
            });
            check.require(pending == 0, || {
                format!("{code}: what is held and what is expected differ by {pending} minor units")
            });
            report.totals.push(Total {
                name: format!("customers' balances, {code}"),
                value: sums.written(customers),
            });
            report.totals.push(Total {
                name: format!("the bank's own accounts, {code}"),
                value: sums.written(of_bank),
            });
        }
        report.checks.push(check);
    }
}

impl CurrencySums {
    fn written(&self, minor: i128) -> String {
        i64::try_from(minor).map_or_else(
            |_| format!("{minor} minor units"),
            |minor| Money::from_minor(minor, self.currency).to_string(),
        )
    }
}
