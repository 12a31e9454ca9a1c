//! `GET /api/transactions` with its filters, and the cursors of all lists. The rules are in
//! `components/transaction/src/index` and `components/sdk/src/page`.

use strongroom_tests::bank::new_key;
use strongroom_tests::{Bank, Value, assert_json, json, refusals, text};

#[tokio::test]
async fn a_transaction_is_found_at_once_by_account_texts_and_times() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let reference = format!("invoice {}", new_key());
    let mut body = pair.body("12.30");
    body["reference"] = json!(reference);
    body["metadata"] = json!({"invoice": reference});
    let sent = pair.alice.submit("transfer", &body).await.expect(201);
    let (encoded, created) = (reference.replace(' ', "+"), text(&sent["created_at"]));
    for query in [
        format!("account_id={}", pair.to),
        format!("reference={encoded}"),
        format!("metadata.invoice={encoded}&min_amount=12.3"),
        format!("account_id={}&from={created}&to={created}", pair.to),
    ] {
        let found = pair.admin.all(&format!("/api/transactions?{query}")).await;
        assert_json!(Value::from(found), [{"id": sent["id"], "reference": reference}]);
    }
}

#[tokio::test]
async fn every_list_is_walked_back_as_it_was_walked_on_with_its_own_cursors() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let (alice, admin, from) = (&pair.alice, &pair.admin, &pair.from);
    for _ in 0..5 {
        pair.send("0.01").await;
        alice.open_account("EUR").await;
    }
    for (person, path) in rows! {
        (alice, format!("/api/transactions?account_id={from}")),
        (alice, format!("/api/accounts/{from}/entries?")), (alice, "/api/accounts?".to_owned()),
        (admin, "/api/auth/users?role=admin".to_owned()),
        (admin, format!("/api/accounts/{from}/events?")),
    } {
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
    let list = format!("/api/transactions?account_id={from}&limit=1");
    let list = alice.read(&list).await;
    let cursor = text(&list["next_cursor"]);
    refusals! {
        alice => GET "/api/accounts?limit=501" => 422 "validation_failed" "/limit";
        alice => GET "/api/accounts?cursor=not-one-of-ours" => 400 "cursor_invalid";
        alice => GET "/api/accounts?cursor={cursor}" => 400 "cursor_invalid";
        alice => GET "/api/accounts/{from}/entries?cursor={cursor}" => 400 "cursor_invalid";
        alice => GET "/api/transactions?account_id={from}&type=transfer&cursor={cursor}"
            => 400 "cursor_invalid";
        admin => GET "/api/auth/users?cursor={cursor}" => 400 "cursor_invalid";
    }
}
