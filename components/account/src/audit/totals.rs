//! I9: in each currency the customers' money and the bank's own side of it add up to zero.

use strongroom_sdk::audit::{Check, Report, Total};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::store::{Store, StoreError};

/// One statement, and so one snapshot: money that moves meanwhile is on both sides or on neither.
const SUMS: &str = "\
SELECT account.currency,
    sum(iif(account.type = 'settlement', 0, balance.credits_posted - balance.debits_posted)),
    sum(iif(account.type = 'settlement', balance.credits_posted - balance.debits_posted, 0)),
    count(*)
FROM account JOIN balance ON balance.account_key = account.key
GROUP BY account.currency ORDER BY account.currency";

/// Checks the sums, and reports them.
pub fn check<S: Store>(store: &S, report: &mut Report) -> Result<(), StoreError> {
    let mut check = Check::new("in each currency, customers' and internal accounts add up to zero");
    for row in store.query(SUMS, &[])? {
        let code = row.text(0)?;
        let (customers, internal) = (row.integer(1)?, row.integer(2)?);
        check.examined += row.integer(3)?.unsigned_abs();
        let sum = i128::from(customers) + i128::from(internal);
        check.require(sum == 0, || {
            format!("{code}: customers {customers}, internal {internal}, in minor units")
        });
        report.totals.push(Total {
            name: format!("customers' balances, {code}"),
            value: written(customers, &code),
        });
        report.totals.push(Total {
            name: format!("internal accounts, {code}"),
            value: written(internal, &code),
        });
    }
    report.checks.push(check);
    Ok(())
}

fn written(minor: i64, code: &str) -> String {
    Currency::from_code(code).map_or_else(
        |_| format!("{minor} minor units"),
        |currency| Money::from_minor(minor, currency).to_string(),
    )
}
