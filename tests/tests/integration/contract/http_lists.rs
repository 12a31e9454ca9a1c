//! `GET /api/transactions` with its filters, and the cursors of all lists. The rules are in
//! `components/transaction/src/index` and `components/sdk/src/page`.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::{Pair, Person, UNKNOWN_ID, new_key};
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};

async fn ids(person: &Person, query: &str) -> Vec<String> {
    let rows = person
        .all(&format!("/api/transactions?limit=500&{query}"))
        .await;
    let ids = rows.iter().map(|row| text(&row["id"]).to_owned());
    ids.collect()
}

#[tokio::test]
async fn transactions_are_found_by_each_filter() {
    let bank = Bank::shared().await;
    let Pair {
        alice,
        bob,
        admin,
        from,
        to,
    } = bank.pair().await;
    let reference = format!("invoice {}", new_key());
    let body = json!({
        "from_account_id": from, "to_account_id": to, "amount": "12.30", "currency": "EUR",
        "reference": reference, "metadata": {"invoice": reference},
    });
    let sent = alice.submit("transfer", &body).await.expect(201);
    let declined = json!({
        "from_account_id": from, "to_account_id": to, "amount": "5000", "currency": "EUR",
    });
    let declined = alice.submit("transfer", &declined).await.problem(422);
    let (sent_id, declined_id) = (text(&sent["id"]), text(&declined["transaction_id"]));
    let encoded = reference.replace(' ', "+");
    let account = format!("account_id={from}");
    let created = text(&sent["created_at"]);
    for (query, expected) in [
        (format!("{account}&status=declined"), declined_id),
        (format!("{account}&type=transfer&status=posted"), sent_id),
        (format!("{account}&min_amount=4999.99"), declined_id),
        (format!("{account}&max_amount=12.3&type=transfer"), sent_id),
        (format!("{account}&reference={encoded}"), sent_id),
        (format!("{account}&metadata.invoice={encoded}"), sent_id),
        (
            format!("{account}&initiator_id={}&status=posted", alice.id),
            sent_id,
        ),
        (
            format!("{account}&from={created}&to={created}&type=transfer&status=posted"),
            sent_id,
        ),
        (format!("reference={encoded}"), sent_id),
        (
            format!("metadata.invoice={encoded}&from={created}"),
            sent_id,
        ),
    ] {
        assert_eq!(ids(&admin, &query).await, [expected], "{query}");
    }
    // The payee sees the payment, and learns nothing of the payer's notes by a search.
    let of_payee = format!("account_id={to}");
    assert_eq!(ids(&bob, &of_payee).await, [sent_id]);
    let by_notes = format!("{of_payee}&metadata.invoice={encoded}");
    assert_eq!(ids(&bob, &by_notes).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_list_of_transactions_refuses_what_it_does_not_know() {
    let bank = Bank::shared().await;
    let (customer, auditor) = (bank.customer().await, bank.staff("auditor").await);
    let own = customer.open_account("EUR").await;
    refusals! {
        customer => GET "/api/transactions" => 422 "validation_failed" "/account_id";
        customer => GET "/api/transactions?account_id={UNKNOWN_ID}" => 404 "not_found";
        customer => GET "/api/transactions?account_id={own}&state=posted"
            => 422 "validation_failed" "/state";
        auditor => GET "/api/transactions?type=wire" => 422 "validation_failed" "/type";
        auditor => GET "/api/transactions?status=ok" => 422 "validation_failed" "/status";
        auditor => GET "/api/transactions?from=yesterday" => 422 "validation_failed" "/from";
        auditor => GET "/api/transactions?from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z"
            => 422 "validation_failed" "/from";
        auditor => GET "/api/transactions?min_amount=1e3" => 422 "validation_failed" "/min_amount";
        auditor => GET "/api/transactions?min_amount=2&max_amount=1"
            => 422 "validation_failed" "/min_amount";
    }
}

#[tokio::test]
async fn a_key_of_metadata_that_no_transaction_has_is_refused_and_named() {
    let bank = Bank::shared().await;
    let name = format!("metadata.{}", "k".repeat(300));
    let auditor = bank.staff("auditor").await;
    let answer = auditor.get(&format!("/api/transactions?{name}=1")).await;
    let problem = answer.problem(422);
    assert_eq!(problem["errors"][0]["pointer"], format!("/{name}"));
}

#[tokio::test]
async fn a_key_lists_all_transactions_and_for_a_customer_those_of_their_account() {
    let bank = Bank::shared().await;
    let Pair {
        alice,
        admin,
        from,
        to,
        ..
    } = bank.pair().await;
    let key = ApiKey::create(&admin, &["transactions:read"]).await;
    let sent = alice
        .transfer(&new_key(), &from, &to, "1.00")
        .await
        .expect(201);
    let list = key.read("/api/transactions?limit=500").await;
    let rows = list["data"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["id"] == sent["id"]));
    let path = format!("/api/transactions?account_id={from}");
    let own = key
        .get(&path)
        .header("x-on-behalf-of", &alice.id)
        .await
        .expect(200);
    assert_eq!(own["data"][0]["id"], sent["id"]);
    let foreign = key.get(&path).header("x-on-behalf-of", UNKNOWN_ID).await;
    foreign.refused(404, "not_found");
}

#[tokio::test]
async fn a_transaction_is_in_the_list_of_the_next_request() {
    let bank = Bank::shared().await;
    let Pair {
        alice, from, to, ..
    } = bank.pair().await;
    let path = format!("/api/transactions?account_id={from}&limit=1");
    for _ in 0..10 {
        let sent = alice
            .transfer(&new_key(), &from, &to, "0.01")
            .await
            .expect(201);
        assert_eq!(alice.read(&path).await["data"][0]["id"], sent["id"]);
    }
}

#[tokio::test]
async fn every_list_is_walked_back_as_it_was_walked_on() {
    let bank = Bank::shared().await;
    let Pair {
        alice,
        admin,
        from,
        to,
        ..
    } = bank.pair().await;
    for _ in 0..5 {
        alice
            .transfer(&new_key(), &from, &to, "0.01")
            .await
            .expect(201);
        alice.open_account("EUR").await;
    }
    for (person, path) in [
        (&alice, format!("/api/transactions?account_id={from}")),
        (&alice, format!("/api/accounts/{from}/entries?")),
        (&alice, "/api/accounts?".to_owned()),
        (&admin, "/api/auth/users?role=admin".to_owned()),
        (&admin, format!("/api/accounts/{from}/events?")),
    ] {
        let path = format!("{path}&limit=2").replace("?&", "?");
        let mut pages = vec![person.read(&path).await];
        assert_json!(pages[0], {"previous_cursor": null});
        while let Some(cursor) = pages[pages.len() - 1]["next_cursor"].as_str() {
            pages.push(person.read(&format!("{path}&cursor={cursor}")).await);
        }
        let mut page = pages.pop().expect("a page");
        while let Some(cursor) = page["previous_cursor"].as_str() {
            page = person.read(&format!("{path}&cursor={cursor}")).await;
            let expected = pages.pop().map(|page| page["data"].clone());
            assert_eq!(Some(&page["data"]), expected.as_ref(), "{path}");
        }
        assert!(pages.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let bank = Bank::shared().await;
    let Pair {
        alice,
        admin,
        from,
        to,
        ..
    } = bank.pair().await;
    for _ in 0..2 {
        alice
            .transfer(&new_key(), &from, &to, "0.01")
            .await
            .expect(201);
    }
    let list = alice
        .read(&format!("/api/transactions?account_id={from}&limit=1"))
        .await;
    let cursor = text(&list["next_cursor"]);
    refusals! {
        alice => GET "/api/accounts?cursor={cursor}" => 400 "cursor_invalid";
        alice => GET "/api/accounts/{from}/entries?cursor={cursor}" => 400 "cursor_invalid";
        alice => GET "/api/transactions?account_id={from}&type=transfer&cursor={cursor}"
            => 400 "cursor_invalid";
        admin => GET "/api/transactions?account_id={to}&cursor={cursor}" => 400 "cursor_invalid";
        admin => GET "/api/auth/users?cursor={cursor}" => 400 "cursor_invalid";
    }
    let _: Value = alice
        .read(&format!(
            "/api/transactions?limit=5&account_id={from}&cursor={cursor}"
        ))
        .await;
}
