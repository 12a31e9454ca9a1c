//! A component that runs any SQL on its store, and holds a write transaction open in every wrong
//! way. It also returns its configuration.

use std::cell::RefCell;

use wstd::http::{Body, Error, Request, Response, StatusCode};

wit_bindgen::generate!({
    path: ["../../../wit/store", "../../../wit/config"],
    inline: "
        package tests:sql;
        world sql {
            import strongroom:store/sql@0.2.0;
            import wasi:config/store@0.2.0-rc.1;
        }
    ",
    world: "tests:sql/sql",
    generate_all,
});

use strongroom::store::sql::{self, Transaction, Value};
use wasi::config::store;

thread_local! {
    /// A transaction that outlives the request that began it.
    static KEPT: RefCell<Option<Transaction>> = const { RefCell::new(None) };
}

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    let path = request.uri().path().to_owned();
    let mut body = request.into_body();
    let sql = body.str_contents().await?.to_owned();
    let outcome = match single::last_segment(&path) {
        "query" => sql::query(&sql, &[]).map(as_text),
        "execute" => in_transaction(|held| held.execute(&sql, &[]).map(|rows| rows.to_string())),
        "query-in-transaction" => in_transaction(|held| held.query(&sql, &[]).map(as_text)),
        "query-for-ever" => loop {
            let _rows = sql::query("SELECT 1", &[]);
        },
        "hold-and-sleep" => hold_and_sleep().await,
        "hold-and-loop" => hold_and_loop(),
        "hold-and-answer" => hold_and_answer(),
        "use-what-is-held" => use_what_is_held(&sql),
        "long-key" => Ok(ask_for_a_long_key(&sql)),
        "config" => Ok(configuration()),
        _ => Ok("fine".to_owned()),
    };
    let (status, text) = match outcome {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, name_of(error)),
    };
    Ok(Response::builder().status(status).body(Body::from(text))?)
}

fn in_transaction(
    work: impl FnOnce(&Transaction) -> Result<String, sql::Error>,
) -> Result<String, sql::Error> {
    let transaction = Transaction::begin()?;
    let text = work(&transaction)?;
    Transaction::commit(transaction)?;
    Ok(text)
}

async fn hold_and_sleep() -> Result<String, sql::Error> {
    let transaction = Transaction::begin()?;
    wstd::task::sleep(wstd::time::Duration::from_secs(86_400)).await;
    Transaction::commit(transaction)?;
    Ok("awake".to_owned())
}

fn hold_and_loop() -> Result<String, sql::Error> {
    let _transaction = Transaction::begin()?;
    single::endless_loop()
}

fn hold_and_answer() -> Result<String, sql::Error> {
    KEPT.set(Some(Transaction::begin()?));
    Ok("held".to_owned())
}

fn use_what_is_held(sql: &str) -> Result<String, sql::Error> {
    KEPT.with_borrow(|kept| match kept {
        Some(held) => held.execute(sql, &[]).map(|rows| rows.to_string()),
        None => Ok("nothing is held".to_owned()),
    })
}

/// Hands the host a key of as many KiB as the text says.
fn ask_for_a_long_key(size: &str) -> String {
    let bytes = size.parse::<usize>().unwrap_or_default() << 10;
    let found = store::get(&"x".repeat(bytes));
    format!("{found:?}")
}

/// One `key=value` line for each, sorted.
fn configuration() -> String {
    let values = store::get_all().unwrap_or_default().into_iter();
    let lines = values.map(|(key, value)| format!("{key}={value}"));
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines.join("\n")
}

/// One line for each row, its values separated by `|`.
fn as_text(rows: Vec<Vec<Value>>) -> String {
    let text = |value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    };
    let line = |row: Vec<Value>| row.into_iter().map(text).collect::<Vec<_>>().join("|");
    rows.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The error's case, as the WIT names it, and its text.
fn name_of(error: sql::Error) -> String {
    match error {
        sql::Error::Constraint(text) => format!("constraint: {text}"),
        sql::Error::Invalid(text) => format!("invalid: {text}"),
        sql::Error::Denied(text) => format!("denied: {text}"),
        sql::Error::TooLarge(text) => format!("too-large: {text}"),
        sql::Error::TimedOut => "timed-out".to_owned(),
        sql::Error::Busy => "busy".to_owned(),
        sql::Error::Clock => "clock".to_owned(),
        sql::Error::Aborted(text) => format!("aborted: {text}"),
        sql::Error::UnexpectedRows(text) => format!("unexpected-rows: {text}"),
        sql::Error::Full => "full".to_owned(),
        sql::Error::Io(text) => format!("io: {text}"),
    }
}
