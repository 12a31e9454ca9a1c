//! Bad input: each wrong thing gets the contract's problem document, and changes nothing.

use strongroom_tests::bank::{PASSWORD, new_email, new_key, transfer};
use strongroom_tests::wire::{Connection, exchange};
use strongroom_tests::{Answer, Bank, Person, Value, json};

/// Larger than any body the bank takes, in bytes.
const TOO_LARGE_BYTES: usize = 32 * 1024 * 1024;

/// A customer with 100.00 EUR, 1,000 JPY, and an account to send to in each.
struct Purse {
    owner: Person,
    euros: [String; 2],
    yen: [String; 2],
    dinars: [String; 2],
}

impl Purse {
    async fn prepare(bank: &Bank) -> Self {
        let (owner, admin) = (bank.customer().await, bank.admin().await);
        let open = async |currency: &str, amount: &str| {
            let accounts = [
                owner.open_account(currency).await,
                owner.open_account(currency).await,
            ];
            admin.deposit(&accounts[0], amount, currency).await;
            accounts
        };
        let (euros, yen) = (open("EUR", "100.00").await, open("JPY", "1000").await);
        let dinars = open("KWD", "100.000").await;
        Self {
            owner,
            euros,
            yen,
            dinars,
        }
    }

    async fn send(&self, body: &Value) -> Answer {
        self.owner.submit("transfer", body).await
    }

    async fn assert_untouched(&self) {
        assert_eq!(self.owner.balance(&self.euros[0]).await, "100.00");
        assert_eq!(self.owner.balance(&self.yen[0]).await, "1000");
        assert_eq!(self.owner.balance(&self.dinars[0]).await, "100.000");
        for account in [&self.euros[1], &self.yen[1], &self.dinars[1]] {
            assert!(self.owner.entries(account).await.is_empty());
        }
    }
}

/// Calls that take a body, some of each service.
const CALLS_WITH_A_BODY: [&str; 11] = [
    "/api/auth/register",
    "/api/auth/login",
    "/api/auth/password",
    "/api/token/refresh",
    "/api/accounts",
    "/api/transactions/transfer",
    "/api/transactions/send",
    "/api/transactions/withdraw",
    "/api/transactions/holds",
    "/api/transactions/batch",
    "/api/transactions/schedules",
];

#[tokio::test]
async fn broken_json_is_400_bad_request() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"{\"a\":}",
        b"nonsense",
        b"{\"a\":1,}",
        b"{} {}",
        b"{'a':1}",
        b"\xff\xfe{}",
        b"{\"email\":\"\\ud800\"}",
    ];
    for path in CALLS_WITH_A_BODY {
        for body in bodies {
            let call = purse.owner.post(path).key(&new_key());
            let answer = call.body("application/json", body.to_vec()).await;
            assert_eq!(
                answer.status,
                400,
                "{path} {:?}: {}",
                String::from_utf8_lossy(body),
                answer.text()
            );
            answer.refused(400, "bad_request");
        }
    }
    purse.assert_untouched().await;
}

#[tokio::test]
async fn json_that_is_no_object_is_422() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    for path in CALLS_WITH_A_BODY {
        for body in ["[]", "null", "7", "\"text\"", "true"] {
            let call = purse.owner.post(path).key(&new_key());
            let answer = call.body("application/json", body).await;
            assert_eq!(answer.status, 422, "{path} {body}: {}", answer.text());
            answer.refused(422, "validation_failed");
        }
    }
}

/// The members of each body in the order of the source code, some of them with money to move.
#[tokio::test]
async fn members_by_position_are_422_and_do_nothing() {
    let bank = Bank::shared().await;
    let (purse, admin) = (Purse::prepare(bank).await, bank.admin().await);
    let [from, to] = &purse.euros;
    let teller = bank.staff("teller").await;
    let transfer = json!([from, to, null, "1.00", "EUR", "by position", null]);
    let calls = [
        (
            "POST",
            "/api/auth/register".to_owned(),
            json!([new_email(), PASSWORD, null]),
        ),
        (
            "POST",
            "/api/auth/login".to_owned(),
            json!([purse.owner.email, PASSWORD, null]),
        ),
        ("POST", "/api/auth/logout".to_owned(), json!([])),
        (
            "POST",
            "/api/auth/password".to_owned(),
            json!([PASSWORD, "another long password"]),
        ),
        (
            "POST",
            "/api/auth/users".to_owned(),
            json!([new_email(), PASSWORD, "admin", null]),
        ),
        (
            "PATCH",
            format!("/api/auth/users/{}", teller.id),
            json!([true, "admin", null]),
        ),
        ("POST", "/api/token/refresh".to_owned(), json!(["token"])),
        (
            "POST",
            "/api/token/revoke".to_owned(),
            json!(["token", null]),
        ),
        (
            "POST",
            "/api/token/introspect".to_owned(),
            json!(["token", null]),
        ),
        (
            "POST",
            "/api/accounts".to_owned(),
            json!(["checking", "EUR", null]),
        ),
        ("PATCH", format!("/api/accounts/{from}"), json!(["5.00"])),
        (
            "POST",
            format!("/api/accounts/{from}/freeze"),
            json!(["debits"]),
        ),
        ("POST", format!("/api/accounts/{from}/unfreeze"), json!([])),
        ("POST", format!("/api/accounts/{to}/close"), json!([])),
        (
            "POST",
            "/api/transactions/deposit".to_owned(),
            json!([from, "1.00", "EUR", null]),
        ),
        (
            "POST",
            "/api/transactions/withdraw".to_owned(),
            json!([from, "1.00", "EUR", null]),
        ),
        (
            "POST",
            "/api/transactions/transfer".to_owned(),
            transfer.clone(),
        ),
        (
            "POST",
            "/api/transactions/send".to_owned(),
            transfer.clone(),
        ),
        (
            "POST",
            "/api/transactions/holds".to_owned(),
            json!([from, to, null, "1.00", "EUR", 60, null, null]),
        ),
        (
            "POST",
            format!("/api/transactions/holds/{from}/capture"),
            json!(["1.00"]),
        ),
        (
            "POST",
            format!("/api/transactions/holds/{from}/void"),
            json!([]),
        ),
        (
            "POST",
            format!("/api/transactions/{from}/reverse"),
            json!([null]),
        ),
        (
            "POST",
            "/api/transactions/batch".to_owned(),
            json!([[transfer], false]),
        ),
        (
            "POST",
            "/api/transactions/schedules".to_owned(),
            json!([from, to, null, "1.00", "EUR", null, "2099-01-01", "monthly"]),
        ),
        (
            "DELETE",
            format!("/api/transactions/schedules/{from}"),
            json!([]),
        ),
        (
            "POST",
            "/api/webhooks".to_owned(),
            json!(["https://example.org/", null, null]),
        ),
        ("DELETE", format!("/api/webhooks/{from}"), json!([])),
    ];
    for (method, path, body) in calls {
        for caller in [&purse.owner, &admin] {
            let call = caller.call(method, &path).key(&new_key());
            let answer = call.json(&body).await;
            if answer.status == 403 {
                continue;
            }
            let problem = answer.refused(422, "validation_failed");
            let error = &problem["errors"][0];
            assert_eq!(error["detail"], "must be an object", "{path}: {problem}");
        }
    }
    let lines = json!({"transfers": [transfer], "atomic": false});
    let batch = purse.owner.submit("batch", &lines).await.expect(201);
    assert_eq!(batch["outcomes"][0]["status"], "refused", "{batch}");
    purse.assert_untouched().await;
}

/// A tree of these would take 100 times the memory of its text, which is more than an instance has.
#[tokio::test]
async fn a_megabyte_of_small_values_in_place_of_an_amount_is_refused() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let amount = format!("[{}0]", r#"{"":0},"#.repeat(149_000));
    let mut line = transfer(&purse.euros[0], &purse.euros[1], "1.00", "EUR");
    line["amount"] = json!("AMOUNT");
    let line = line.to_string().replace("\"AMOUNT\"", &amount);
    let call = purse.owner.post("/api/transactions/batch").key(&new_key());
    let body = format!(r#"{{"transfers":[{line}],"atomic":false}}"#);
    let batch = call.body("application/json", body).await.expect(201);
    assert_eq!(batch["outcomes"][0]["code"], "amount_invalid", "{batch}");
}

#[tokio::test]
async fn deep_json_is_refused() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let deep = format!(
        "{{\"metadata\":{}{}}}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    for path in CALLS_WITH_A_BODY {
        let call = purse.owner.post(path).key(&new_key());
        let answer = call.body("application/json", deep.clone()).await;
        assert!(
            [400, 413, 422].contains(&answer.status),
            "{path}: {}",
            answer.text()
        );
        answer.problem(answer.status);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let body = transfer(&purse.euros[0], &purse.euros[1], "1.00", "EUR").to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "multipart/form-data",
    ] {
        let call = purse
            .owner
            .post("/api/transactions/transfer")
            .key(&new_key());
        let answer = call.body(content_type, body.clone()).await;
        assert!(
            [400, 415].contains(&answer.status),
            "{content_type}: {}",
            answer.text()
        );
        answer.problem(answer.status);
    }
    purse.assert_untouched().await;
}

#[tokio::test]
async fn wrong_types_and_unknown_fields_are_422() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let good = transfer(&purse.euros[0], &purse.euros[1], "1.00", "EUR");
    let wrong: [(&str, Value); 12] = [
        ("from_account_id", json!(7)),
        ("from_account_id", json!(null)),
        ("to_account_id", json!(["a"])),
        ("to_account_id", json!({"id": "a"})),
        ("currency", json!(978)),
        ("currency", json!("euro")),
        ("currency", json!("XXY")),
        ("reference", json!(5)),
        ("metadata", json!("text")),
        ("metadata", json!([])),
        ("fee", json!("0.00")),
        ("status", json!("posted")),
    ];
    for (field, value) in wrong {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = purse.send(&body).await;
        assert_eq!(answer.status, 422, "{field}: {value}: {}", answer.text());
        answer.invalid(&format!("/{field}"));
    }
    for field in ["from_account_id", "currency"] {
        let mut body = good.clone();
        body.as_object_mut().expect("an object").remove(field);
        purse.send(&body).await.invalid(&format!("/{field}"));
    }
    let twice = good.to_string().replacen('{', "{\"amount\":\"99.00\",", 1);
    let call = purse
        .owner
        .post("/api/transactions/transfer")
        .key(&new_key());
    let answer = call.body("application/json", twice).await;
    assert!(
        [400, 422].contains(&answer.status),
        "a field twice: {}",
        answer.text()
    );
    purse.assert_untouched().await;
}

#[tokio::test]
async fn amounts_of_every_wrong_shape_are_422_amount_invalid() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let never = [
        "",
        " ",
        "0",
        "0.00",
        "-1.00",
        "-0.01",
        "+1.00",
        " 1.00",
        "1.00 ",
        "1,00",
        "1.000,00",
        "1,000.00",
        "1_000",
        "1 000",
        "1e2",
        "1E2",
        "0x10",
        "1.",
        ".5",
        ".",
        "1..0",
        "1.0.0",
        "NaN",
        "Infinity",
        "inf",
        "-inf",
        "null",
        "one",
        "١",
        "１",
        "1.00€",
        "$1",
        "1.00 EUR",
        "00001",
        "01.00",
        "1.00\u{0}",
        "1\n",
        "99999999999999999999",
        "9223372036854775808",
        "92233720368547758.08",
        "170141183460469231731687303715884105728",
    ];
    let per_currency = [
        (&purse.euros, "EUR", ["1.001", "0.001", "1.0000", "0.009"]),
        (&purse.yen, "JPY", ["1.0", "1.5", "0.1", "100.00"]),
        (
            &purse.dinars,
            "KWD",
            ["1.0001", "0.0001", "1.23456", "0.0009"],
        ),
    ];
    for (accounts, currency, too_fine) in per_currency {
        for amount in never.iter().chain(&too_fine) {
            let answer = purse
                .send(&transfer(&accounts[0], &accounts[1], amount, currency))
                .await;
            assert_eq!(
                answer.status,
                422,
                "{amount:?} {currency}: {}",
                answer.text()
            );
            answer.refused(422, "amount_invalid");
        }
    }
    let huge = purse
        .send(&transfer(
            &purse.euros[0],
            &purse.euros[1],
            &"9".repeat(10_000),
            "EUR",
        ))
        .await;
    huge.refused(422, "amount_invalid");
    purse.assert_untouched().await;
}

#[tokio::test]
async fn amounts_that_are_no_strings_are_422() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let mut body = transfer(&purse.euros[0], &purse.euros[1], "1.00", "EUR");
    for amount in [
        json!(1),
        json!(1.0),
        json!(100),
        json!(null),
        json!(true),
        json!(["1.00"]),
        json!({"value": "1.00"}),
    ] {
        body["amount"] = amount.clone();
        let answer = purse.send(&body).await;
        assert_eq!(answer.status, 422, "{amount}: {}", answer.text());
        let code = answer.problem(422)["code"].clone();
        assert!(
            code == "amount_invalid" || code == "validation_failed",
            "{amount}: {code}"
        );
    }
    body.as_object_mut().expect("an object").remove("amount");
    purse.send(&body).await.problem(422);
    purse.assert_untouched().await;
}

#[tokio::test]
async fn amounts_of_every_right_shape_are_taken() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let right = [
        (
            &purse.euros,
            "EUR",
            [
                ("0.01", "0.01"),
                ("1", "1.00"),
                ("1.5", "1.50"),
                ("12.34", "12.34"),
            ],
        ),
        (
            &purse.yen,
            "JPY",
            [("1", "1"), ("10", "10"), ("120", "120"), ("7", "7")],
        ),
        (
            &purse.dinars,
            "KWD",
            [
                ("0.001", "0.001"),
                ("1.234", "1.234"),
                ("1.2", "1.200"),
                ("3", "3.000"),
            ],
        ),
    ];
    for (accounts, currency, amounts) in right {
        for (given, kept) in amounts {
            let transaction = purse
                .send(&transfer(&accounts[0], &accounts[1], given, currency))
                .await
                .expect(201);
            assert_eq!(transaction["amount"], kept, "{given} {currency}");
        }
    }
}

#[tokio::test]
async fn ids_that_are_no_uuids_are_refused() {
    let bank = Bank::shared().await;
    let (purse, admin) = (Purse::prepare(bank).await, bank.admin().await);
    let ids = [
        "1",
        "not-a-uuid",
        "%00",
        "..%2f..",
        "01890000-0000-7000-8000-00000000000",
        "01890000-0000-7000-8000-0000000000000",
        "' OR 1=1 --",
    ];
    let paths = [
        "/api/accounts/{}",
        "/api/accounts/{}/balance",
        "/api/accounts/{}/entries",
        "/api/accounts/user/{}",
        "/api/transactions/{}",
        "/api/transactions?account_id={}",
        "/api/auth/users/{}",
    ];
    for id in ids {
        let id = id.replace(' ', "%20").replace('\'', "%27");
        for path in paths {
            let answer = admin.get(&path.replace("{}", &id)).await;
            assert!(
                [400, 404, 422].contains(&answer.status),
                "{path} {id}: {}",
                answer.text()
            );
            answer.problem(answer.status);
        }
    }
    purse
        .send(&transfer("not-a-uuid", &purse.euros[1], "1.00", "EUR"))
        .await
        .invalid("/from_account_id");
    purse
        .send(&transfer(&purse.euros[0], "' OR 1=1 --", "1.00", "EUR"))
        .await
        .invalid("/to_account_id");
    purse.assert_untouched().await;
}

#[tokio::test]
async fn text_that_looks_like_sql_is_only_text() {
    let bank = Bank::shared().await;
    let purse = Purse::prepare(bank).await;
    let text = "Robert'); DROP TABLE accounts;-- \u{202e}\u{1f4b6} \"x\"";
    let mut body = transfer(&purse.euros[0], &purse.euros[1], "1.00", "EUR");
    body["reference"] = json!(text);
    let sent = purse.send(&body).await;
    if sent.status == 201 {
        assert_eq!(sent.expect(201)["reference"], text);
        assert_eq!(
            purse.owner.entries(&purse.euros[1]).await[0]["reference"],
            text
        );
    } else {
        sent.invalid("/reference");
    }
    purse.owner.get("/api/accounts").await.expect(200);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let bank = Bank::shared().await;
    for path in [
        "/api/auth/register",
        "/api/auth/login",
        "/api/token/refresh",
    ] {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bank\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {TOO_LARGE_BYTES}\r\n\r\n"
        );
        // The length alone is enough to refuse it: nothing of the body is sent.
        let mut connection = Connection::open(bank.address()).await;
        connection.send(head).await;
        connection.wait_for("payload_too_large").await;
        connection.wait_for("HTTP/1.1 413").await;
    }
}

#[tokio::test]
async fn a_chunked_body_that_grows_too_large_is_413() {
    let bank = Bank::shared().await;
    let mut connection = Connection::open(bank.address()).await;
    connection
        .send("POST /api/auth/login HTTP/1.1\r\nhost: bank\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    for _chunk in 0..TOO_LARGE_BYTES / 0x1_0000 {
        connection.send(&chunk).await;
    }
    connection.send("0\r\n\r\n").await;
    let answer = connection.read_to_the_end().await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 413"),
        "{answer}"
    );
    bank.register(&new_email(), PASSWORD).await.expect(201);
}

#[tokio::test]
async fn a_client_that_is_still_sending_sees_the_413() {
    let bank = Bank::shared().await;
    let body = "x".repeat(3 << 20);
    for _ in 0..5 {
        let call = bank.client().post("/api/auth/register");
        let answer = call.body("application/json", body.clone()).try_send().await;
        let answer = answer.expect("an answer, not a broken connection");
        answer.refused(413, "payload_too_large");
    }
}

#[tokio::test]
async fn a_password_as_long_as_a_book_is_refused() {
    let bank = Bank::shared().await;
    let email = new_email();
    let answer = bank.register(&email, &"long ".repeat(512 * 1024 / 5)).await;
    assert!([413, 422].contains(&answer.status), "{}", answer.text());
    answer.problem(answer.status);
}

#[tokio::test]
async fn an_unknown_route_of_a_service_is_404_and_not_no_such_service() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let paths = [
        "/api/auth/nothing",
        "/api/auth/login/nothing",
        "/api/token/nothing",
        "/api/accounts/user",
        "/api/transactions/send/nothing/at/all",
    ];
    for path in paths {
        let answer = customer.get(path).await;
        let code = answer.problem(answer.status)["code"].clone();
        assert!(
            [404, 405, 422].contains(&answer.status),
            "{path}: {}",
            answer.text()
        );
        assert_ne!(code, "no_such_service", "{path}");
    }
    customer.get("/api/auth/nothing").await.problem(404);
    bank.client()
        .get("/api/nothing")
        .await
        .refused(404, "no_such_service");
}

#[tokio::test]
async fn a_wrong_method_is_405_with_allow() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let account = customer.open_account("EUR").await;
    let calls: [(&str, String, &[&str]); 8] = [
        ("GET", "/api/auth/register".to_owned(), &["POST"]),
        ("DELETE", "/api/auth/me".to_owned(), &["GET"]),
        ("PUT", "/api/auth/password".to_owned(), &["POST"]),
        ("GET", "/api/token/refresh".to_owned(), &["POST"]),
        ("POST", "/api/token/jwks".to_owned(), &["GET"]),
        ("DELETE", "/api/accounts".to_owned(), &["GET", "POST"]),
        ("POST", format!("/api/accounts/{account}/balance"), &["GET"]),
        ("PATCH", "/api/transactions/transfer".to_owned(), &["POST"]),
    ];
    for (method, path, allowed) in calls {
        let answer = customer.call(method, &path).await;
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
        answer.problem(405);
        let allow = answer.header("allow").unwrap_or_default().to_owned();
        for method in allowed {
            assert!(
                allow.split(',').any(|one| one.trim() == *method),
                "{path} allows {allow:?}"
            );
        }
    }
}

#[tokio::test]
async fn h1_a_request_names_one_valid_host() {
    let bank = Bank::shared().await;
    let heads = [
        ("no host", ""),
        ("two hosts", "host: a\r\nhost: b\r\n"),
        ("an empty host beside one", "host: bank\r\nhost:\r\n"),
        ("a host with a space", "host: a b\r\n"),
        ("a host with a path", "host: a/b\r\n"),
        ("a host with a user", "host: user@bank\r\n"),
    ];
    for (what, host) in heads {
        let request = format!("GET /api/hello HTTP/1.1\r\n{host}connection: close\r\n\r\n");
        exchange(bank.address(), request).await.assert_refused(what);
    }
}

/// RFC 9112 section 3.2.2 lets a server take the target for the truth.
#[tokio::test]
async fn h1_a_target_with_a_host_of_its_own_is_no_way_around_the_token() {
    let bank = Bank::shared().await;
    let absolute =
        "GET http://other/api/auth/me HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
    exchange(bank.address(), absolute)
        .await
        .assert_refused("a target that differs from the host");
}

#[tokio::test]
async fn h2_a_body_has_one_length() {
    let bank = Bank::shared().await;
    let framings = [
        (
            "two transfer-encodings",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        ),
        (
            "an encoding that is not chunked",
            "transfer-encoding: gzip, chunked\r\n",
        ),
        (
            "two content-lengths",
            "content-length: 5\r\ncontent-length: 6\r\n",
        ),
        ("a length in hex", "content-length: 0x5\r\n"),
        ("a length with a sign", "content-length: +5\r\n"),
        ("a list of lengths", "content-length: 5, 5\r\n"),
        ("a negative length", "content-length: -1\r\n"),
    ];
    let mut accepted = Vec::new();
    for (what, framing) in framings {
        let reply = exchange(bank.address(), with_a_second_request_in_the_body(framing)).await;
        let refused = |status| (400..500).contains(&status) || status == 501;
        if !reply.status().is_none_or(refused) {
            accepted.push((what, reply));
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
}

/// RFC 9112 section 6.3 lets a server take `transfer-encoding` for the truth, if it closes the connection after its answer.
#[tokio::test]
async fn h2_a_body_with_two_framings_is_refused_or_ends_the_connection() {
    let bank = Bank::shared().await;
    let framing = "content-length: 5\r\ntransfer-encoding: chunked\r\n";
    let reply = exchange(bank.address(), with_a_second_request_in_the_body(framing)).await;
    assert!(
        reply.answers() <= 1,
        "the second request was smuggled in: {}",
        reply.text()
    );
    assert!(
        reply.status().is_none_or(|status| status < 500),
        "{}",
        reply.text()
    );
}

fn with_a_second_request_in_the_body(framing: &str) -> String {
    let smuggled = "GET /api/hello HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
    format!("POST /api/hostile/echo HTTP/1.1\r\nhost: bank\r\n{framing}\r\n0\r\n\r\n{smuggled}")
}

#[tokio::test]
async fn h4_methods_that_nobody_serves() {
    let bank = Bank::shared().await;
    for method in ["TRACE", "get", "FOO", "CONNECT"] {
        let request = format!(
            "{method} /api/auth/register HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n"
        );
        let reply = exchange(bank.address(), request).await;
        assert!(
            reply
                .status()
                .is_none_or(|status| (400..500).contains(&status) || status == 501),
            "{method}: {}",
            reply.text()
        );
    }
    let trace =
        "TRACE /api/hello HTTP/1.1\r\nhost: bank\r\nx-secret: s3cret\r\nconnection: close\r\n\r\n";
    let reply = exchange(bank.address(), trace).await;
    assert_ne!(reply.status(), Some(200), "{}", reply.text());
    assert!(!reply.text().contains("s3cret"), "{}", reply.text());
}

#[tokio::test]
async fn h5_heads_that_are_not_http() {
    let bank = Bank::shared().await;
    let heads: [(&str, &[u8]); 6] = [
        (
            "a bare line feed",
            b"GET /api/auth/me HTTP/1.1\nhost: bank\n\n",
        ),
        (
            "a folded header",
            b"GET /api/hello HTTP/1.1\r\nhost: bank\r\nx: a\r\n b\r\n\r\n",
        ),
        (
            "a space before the colon",
            b"GET /api/hello HTTP/1.1\r\nhost : bank\r\n\r\n",
        ),
        (
            "a NUL in a header",
            b"GET /api/hello HTTP/1.1\r\nhost: bank\r\nx: a\0b\r\n\r\n",
        ),
        (
            "a bare carriage return",
            b"GET /api/hello HTTP/1.1\r\nhost: bank\r\nx: a\rb\r\n\r\n",
        ),
        (
            "no HTTP at all",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ),
    ];
    for (what, head) in heads {
        let mut connection = Connection::open(bank.address()).await;
        connection.send(head).await;
        connection
            .send("GET / HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n")
            .await;
        let answer = connection.read_to_the_end().await;
        assert!(
            !answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"),
            "{what}: {answer}"
        );
    }
    assert_eq!(bank.client().get("/api/hello").await.status, 200);
}

#[tokio::test]
async fn h6_policy_and_dispatch_read_the_same_path() {
    let bank = Bank::shared().await;
    let paths = [
        "/api/hello/../auth/me",
        "/api/hello/..%2fauth/me",
        "/api/hello/%2e%2e/auth/me",
        "/api/hello%2f..%2fauth/me",
        "/api/auth/login/../me",
        "/api/auth/register/%2e%2e/me",
        "/api/auth//login",
        "//api/auth/me",
        "/api//auth/me",
        "/api/./auth/me",
        "/api/auth/me;x=/login",
        "/api/auth/me%00/login",
        "/api/auth/%6de",
        "/api/auth/me?/api/auth/login",
        "/api/auth/me/",
        "/api\\auth\\me",
        "/api/accounts/api/auth/login",
        "/api/accounts/login",
        "/api/guarded/../hello",
        "/api/guarded/api/auth/login",
        "/api/%61uth/me",
    ];
    for path in paths {
        let reply = exchange(
            bank.address(),
            format!("GET {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n"),
        )
        .await;
        let refused = reply
            .status()
            .is_none_or(|status| (400..500).contains(&status));
        assert!(
            refused || path.starts_with("/api/hello"),
            "{path} is open without a token: {}",
            reply.text()
        );
        assert!(
            !reply.text().contains("\"email\""),
            "{path}: {}",
            reply.text()
        );
    }
    // A public service may see odd paths of its own; those that climb out of it reach nothing else.
    for path in [
        "/api/hello/../auth/me",
        "/api/hello/%2e%2e/guarded/fine",
        "/api/hello%2f..%2fguarded/fine",
    ] {
        let reply = exchange(
            bank.address(),
            format!("GET {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n"),
        )
        .await;
        reply.assert_refused(path);
    }
}

#[tokio::test]
async fn h7_heads_have_limits() {
    let bank = Bank::shared().await;
    let request = |path: &str, headers: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n{headers}\r\n")
    };
    let one_large = format!("x-large: {}\r\n", "x".repeat(128 * 1024));
    exchange(bank.address(), request("/api/hello", &one_large))
        .await
        .assert_refused("a header of 128 KiB");
    let many: String = (0..500)
        .map(|number| format!("x-{number}: x\r\n"))
        .collect();
    exchange(bank.address(), request("/api/hello", &many))
        .await
        .assert_refused("500 headers");
    let long = format!("/api/hello/{}", "x".repeat(80_000));
    exchange(bank.address(), request(&long, ""))
        .await
        .assert_refused("a path of 80,000 bytes");
    assert_eq!(bank.client().get("/api/hello").await.status, 200);
}
