//! I1, I9: checks that the accounts of each currency add up to zero, and their holds too.

use crate::account::{Account, AccountType};
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
    internal: i128,
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
                internal: 0,
                pending: 0,
            });
        sums.accounts += 1;
        let posted = i128::from(balance.posted());
        if account.account_type == AccountType::Settlement {
            sums.internal += posted;
        } else {
            sums.customers += posted;
        }
        sums.pending += i128::from(balance.credits_pending) - i128::from(balance.debits_pending);
    }

    /// Checks and reports the sums.
    pub fn report(&self, report: &mut Report) {
        let mut check =
            Check::new("in each currency, customers' and internal accounts add up to zero");
        for (code, sums) in &self.0 {
            let (customers, internal, pending) = (sums.customers, sums.internal, sums.pending);
            check.examined += sums.accounts;
            check.require(customers + internal == 0, || {
                format!("{code}: customers {customers}, internal {internal}, in minor units")
            });
            check.require(pending == 0, || {
                format!("{code}: what is held and what is expected differ by {pending} minor units")
            });
            report.totals.push(Total {
                name: format!("customers' balances, {code}"),
                value: sums.written(customers),
            });
            report.totals.push(Total {
                name: format!("internal accounts, {code}"),
                value: sums.written(internal),
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
