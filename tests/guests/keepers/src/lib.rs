//! A keeper of notes whose schema differs in each version, for swaps: `POST` keeps the body as a
//! note, and any other method returns all notes, one a line.
//!
//! - `keeper-1` has the first migration;
//! - `keeper-2` has the first and a second;
//! - `keeper-other` has another first migration.

use strongroom_sdk::store::{
    HostStore, Migration, Reader, Row, Store, StoreError, Transaction, Value,
};
use wstd::http::{Body, Error, Method, Request, Response, StatusCode};

/// The first migration of `keeper-1` and `keeper-2`.
pub const FIRST: Migration = Migration {
    number: 1,
    name: "notes",
    statements: &["CREATE TABLE note (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"],
};

/// Makes the component of a version from its migrations, and the statement that reads all notes.
#[macro_export]
macro_rules! keeper {
    ($migrations:expr, $select:expr) => {
        struct Keeper;

        single::bindings!(Keeper, {
            path: "../../../wit/service",
            inline: "
                package tests:keeper;
                world keeper {
                    export strongroom:service/lifecycle@0.1.0;
                }
            ",
            world: "tests:keeper/keeper",
            generate_all,
        });

        impl bindings::exports::strongroom::service::lifecycle::Guest for Keeper {
            fn start() -> Result<Vec<String>, String> {
                let store = strongroom_sdk::store::HostStore;
                strongroom_sdk::store::migrate(&store, $migrations)
                    .map(|_| Vec::new())
                    .map_err(|error| error.to_string())
            }

            fn tick() -> Result<(), String> {
                Ok(())
            }
        }

        single::server!(request => keepers::answer(request, $select).await);
    };
}

/// Keeps a note, or returns all.
pub async fn answer(request: Request<Body>, select: &str) -> Result<Response<Body>, Error> {
    let is_post = request.method() == Method::POST;
    let text = request.into_body().str_contents().await?.to_owned();
    let outcome = if is_post { keep(&text) } else { notes(select) };
    let (status, text) = match outcome {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    Ok(Response::builder().status(status).body(Body::from(text))?)
}

fn keep(text: &str) -> Result<String, StoreError> {
    let transaction = HostStore.begin()?;
    let insert = "INSERT INTO note (text) VALUES (?1)";
    transaction.change(insert, vec![Value::from(text)], 1)?;
    transaction.commit()?;
    Ok("kept".to_owned())
}

/// Returns all notes: one a line, its values separated by blanks.
fn notes(select: &str) -> Result<String, StoreError> {
    let rows = HostStore.query(select, &[])?;
    let line = |Row(values): Row| {
        let words = values.into_iter().map(|value| match value {
            Value::Integer(integer) => integer.to_string(),
            Value::Text(text) => text,
            Value::Null | Value::Blob(_) => "?".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    Ok(rows.into_iter().map(line).collect::<Vec<_>>().join("\n"))
}
