//! Goal: whatever the document allows, and what it does not, the bank answers as the document says:
//! no 5xx, no other status or body, and no customer sees another one's objects. Method: requests
//! that schemathesis makes of the document, for a minute. Each call is made as a customer, or as an
//! administrator where a customer may not; what one customer may read, another one tries to.

use std::fs;

use strongroom_tests::bank::{day, transfer};
use strongroom_tests::document::PATH;
use strongroom_tests::tools::{in_tests, output_of, program};
use strongroom_tests::{Bank, Person, Value, json, text};

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,ignored_auth,\
    object_level_authorization,no_foreign_object";
/// They end the sessions of the callers.
const EXCLUDED: [&str; 3] = ["auth_log_out", "auth_change_password", "auth_change_user"];

/// Where its configuration says who it may be.
const CONFIGURATION: &str = r#"
[auth.wfc]
path = "identities.json"
peers = ["customer", "neighbour"]
"#;

/// One of each object of a customer, and none of it concerns another one.
async fn objects(admin: &Person, customer: &Person) -> Value {
    let from = customer.open_account("EUR").await;
    let to = customer.open_account("EUR").await;
    let deposit = admin.deposit(&from, "1000.00", "EUR").await;
    let body = transfer(&from, &to, "1.00", "EUR");
    let sent = customer.submit("transfer", &body).await.expect(201);
    let hold = customer.submit("holds", &body).await.expect(201);
    let mut order = body.clone();
    order["start"] = json!(day(30));
    order["interval"] = json!("monthly");
    let order = customer.submit("schedules", &order).await.expect(201);
    let id = |object: &Value| text(&object["id"]).to_owned();
    json!({
        "users": [customer.id], "accounts": [from, to], "holds": [id(&hold)],
        "transactions": [id(&deposit), id(&sent), id(&hold)], "schedules": [id(&order)],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_of_the_document_and_no_customer_sees_another_ones_objects() {
    let Some(mut schemathesis) = program("schemathesis") else {
        return;
    };
    // It makes standing orders and webhooks, and locks its own address out.
    let bank = Bank::start().await;
    let pair = bank.pair().await;
    let (alice, bob, admin) = (&pair.alice, &pair.bob, &pair.admin);
    let objects = json!({
        "customer": objects(admin, alice).await, "neighbour": objects(admin, bob).await,
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text);
    let identities = [("customer", alice), ("neighbour", bob), ("admin", admin)];
    let identities = identities.map(|(name, person)| {
        let token = format!("Bearer {}", person.token());
        json!({"name": name, "fixedHeaders": [{"name": "authorization", "value": token}]})
    });
    write("identities.json", &json!({"auth": identities}).to_string()).expect("it can be written");
    write("schemathesis.toml", CONFIGURATION).expect("it can be written");
    let hooks = in_tests("clients/schemathesis_hooks.py");
    schemathesis
        .current_dir(folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", hooks)
        .env("STRONGROOM_OBJECTS", objects.to_string())
        .args(["run", &format!("http://{}{PATH}", bank.address())])
        // In seconds, and for one call in one phase.
        .args("--max-time 60 --max-examples 30".split(' '))
        .args("--seed 1 --generation-database none --workers 1".split(' '))
        .args(["--request-timeout", "30", "--suppress-health-check", "all"])
        .args(["--checks", CHECKS, "--continue-on-failure"])
        .args("--no-color --warnings off --output-truncate false".split(' '))
        .args(EXCLUDED.map(|operation| format!("--exclude-operation-id={operation}")));
    output_of(schemathesis).await;
}
