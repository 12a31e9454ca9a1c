//! How long the first page of each list takes in a large bank, and of each of its filters.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use strongroom_sdk::clock::{format_rfc3339, parse_rfc3339};

use super::caller::{Caller, text};
use super::fill::{CHANNEL, RARE, REFERENCE, USUAL};
use super::{ADMIN_EMAIL, Bank};
use crate::load::on_one_thread;
use crate::load::server::Server;
use crate::record::read_json;
use crate::report::thousandths;

/// How often each list is read, after one time that does not count.
const READS: usize = 20;
/// The most that the median may be, in microseconds.
const MEDIAN_MAX: u64 = 20_000;
/// The lists, and their queries: each filter alone, and some together. Those that match little of
/// what each matches, or nothing, make a page look at the most rows. Deposits of a million are the
/// oldest transactions; no other is of more than a hundred.
const LISTS: [(&str, &str); 2] = [
    (
        "/api/transactions",
        "
            limit=100 account_id={account} type=transfer type=deposit type=withdrawal type=hold
            type=capture type=reversal status=posted status=pending status=declined status=voided
            status=reversed status=expired from={middle} to={middle} from={middle}&to={middle}
            reference={often} reference=invoice%203 reference=none min_amount=50 max_amount=0.01
            min_amount=1000 initiator_id={usual} initiator_id={rare} metadata.channel={channel}
            metadata.order=20 account_id={account}&type=deposit
            account_id={account}&from={middle}&reference={often} type=transfer&min_amount=1000
            type=hold&min_amount=1000 status=declined&min_amount=1000
            reference={often}&min_amount=1000 initiator_id={rare}&min_amount=1000
            metadata.channel={channel}&min_amount=1000 to={middle}&max_amount=0.01
            metadata.channel={channel}&reference={often}&status=declined
            type=transfer&status=posted&initiator_id={usual}&min_amount=1000
        ",
    ),
    (
        "/api/accounts",
        "
            limit=100 number={number} owner_id={owner} status=open status=frozen status=closed
            currency=EUR currency=USD type=checking type=savings type=internal code=fees_31
            owner_id={owner}&currency=USD type=savings&currency=USD type=savings&status=closed
            type=checking&currency=USD&status=frozen type=checking&currency=EUR&status=open
        ",
    ),
];

#[derive(Debug, clap::Args)]
pub struct ListsCommand {
    #[command(flatten)]
    server: Server,
    /// The first administrator's password
    #[arg(long, env = "STRONGROOM_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: String,
    /// The file that `fill` wrote
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
}

impl ListsCommand {
    pub fn run(&self) -> Result<()> {
        let bank: Bank = read_json(&self.bank)?;
        let over = on_one_thread(async {
            let mut reader =
                Caller::log_in(&self.server, ADMIN_EMAIL, &self.admin_password).await?;
            let values = values(&mut reader, &bank).await?;
            println!(
                "{:<84} {:>4} {:>5} {:>8} {:>8}",
                "GET", "rows", "more", "median", "max ms"
            );
            let mut over = 0_usize;
            for (list, queries) in LISTS {
                let queries = queries.split_whitespace();
                let filtered = queries.map(|query| format!("{list}?{query}"));
                for list in std::iter::once(list.to_owned()).chain(filtered) {
                    let mut path = list.clone();
                    for (name, value) in &values {
                        path = path.replace(name, value);
                    }
                    over += usize::from(!time(&mut reader, &list, &path).await?);
                }
            }
            Ok(over)
        })?;
        let target = thousandths(MEDIAN_MAX);
        ensure!(over == 0, "{over} lists take more than {target} ms");
        println!("each median is at most {target} ms: met");
        Ok(())
    }
}

/// Reads a list many times and prints its line; returns whether it is as fast as it must be.
async fn time(reader: &mut Caller, list: &str, path: &str) -> Result<bool> {
    let page = reader.get(path).await?;
    let rows = page["data"].as_array().context("a list has no data")?;
    let mut microseconds = Vec::with_capacity(READS);
    for _ in 0..READS {
        let asked = Instant::now();
        reader.get(path).await?;
        microseconds.push(u64::try_from(asked.elapsed().as_micros())?);
    }
    microseconds.sort_unstable();
    let (median, max) = (microseconds[READS / 2], microseconds[READS - 1]);
    let is_met = median <= MEDIAN_MAX;
    let (rows, more) = (rows.len(), page["has_more"].to_string());
    let [median, max] = [median, max].map(thousandths);
    let missed = if is_met { "" } else { "  MISSED" };
    println!("{list:<84} {rows:>4} {more:>5} {median:>8} {max:>8}{missed}");
    Ok(is_met)
}

/// What the names in [`LISTS`] stand for.
async fn values(reader: &mut Caller, bank: &Bank) -> Result<Vec<(&'static str, String)>> {
    let customer = bank.customers.first().context("no customers")?;
    // One of the filled ones, which are older than all the transfers.
    let id = customer.accounts.last().context("no accounts")?;
    let account = reader.get(&format!("/api/accounts/{id}")).await?;
    let newest = reader.get("/api/transactions?limit=1").await?;
    let middle = time_of(&newest["data"][0])?.midpoint(time_of(&account)?);
    Ok(vec![
        ("{account}", id.clone()),
        ("{number}", text(&account["number"])?.to_owned()),
        ("{owner}", text(&account["owner_id"])?.to_owned()),
        ("{middle}", format_rfc3339(middle)),
        ("{often}", REFERENCE.to_owned()),
        ("{channel}", CHANNEL.to_owned()),
        ("{usual}", USUAL.to_string()),
        ("{rare}", RARE.to_string()),
    ])
}

fn time_of(view: &Value) -> Result<i64> {
    parse_rfc3339(text(&view["created_at"])?).context("created_at is no time")
}
