//! The exchange rates, in JavaScript.

use crate::examples::example;
use strongroom_tests::registry::Registry;
use strongroom_tests::{Bank, Client, assert_parts, refusals, text};

async fn bank_with_rates() -> (Bank, Registry) {
    let bank = Bank::start().await;
    let registry = example::added_to(Registry::bank(), "exchange-rates");
    bank.save_registry(&registry).await;
    (bank, registry)
}

async fn converted(client: &Client, amount: &str, from: &str, to: &str) -> String {
    let path = format!("/api/rates/convert?from={from}&to={to}&amount={amount}");
    text(&client.read(&path).await["result"]).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_its_readme_works() {
    let (bank, _) = bank_with_rates().await;
    let said = example::tour("exchange-rates", &bank).await;
    let expected = rows! {
        "\"base\":\"EUR\",\"as_of\":\"2026-11-20\"", "\"base\":\"USD\"", "\"result\":\"2015\"",
        "\"code\":\"amount_invalid\"",
    };
    assert_parts(&said, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_converted_exactly_and_rounded_once_by_the_rates_of_the_registry_or_refused() {
    let (bank, registry) = bank_with_rates().await;
    let client = bank.client();
    for (amount, from, to, result) in [
        ("100", "EUR", "JPY", "16325"),
        ("12.34", "EUR", "JPY", "2015"),
        ("1.00", "EUR", "KWD", "0.333"),
        ("16325", "JPY", "EUR", "100.00"),
        ("99999999999999.99", "EUR", "USD", "108419999999999.99"),
        // By the quote of ten digits, 3.256833884, this would be 3256833884.00.
        ("999999999.999", "KWD", "USD", "3256833884.05"),
    ] {
        let found = converted(&client, amount, from, to).await;
        assert_eq!(found, result, "{amount} {from} in {to}");
    }
    for amount in ["0", "-1", "1e3", "1.234", "1,5", "NaN", ""] {
        let path = format!("/api/rates/convert?from=EUR&to=USD&amount={amount}");
        client.get(&path).await.refused(422, "amount_invalid");
    }
    for (path, pointer) in rows! {
        ("?base=XAU", "/base"), ("?bsae=EUR", "/bsae"), ("/convert?from=EUR&to=USD", "/amount"),
        ("/convert?from=EUR&to=ZZZ&amount=1", "/to"),
    } {
        let answer = client.get(&format!("/api/rates{path}")).await;
        answer.invalid(pointer);
    }
    // Only what the registry makes public is so.
    client.post("/api/rates").await.no_token();
    refusals! {
        client => GET "/api/rates/nothing" => 404 "not_found";
        *bank.customer().await => POST "/api/rates" => 405 "method_not_allowed";
    }

    // New rates are a saved registry.
    let with_dollars_at = |rate: &str| {
        let registry = registry.clone();
        registry.change("rates", |service| service.config("USD", rate))
    };
    bank.save_registry(&with_dollars_at("1.10")).await;
    assert_eq!(converted(&client, "1.00", "EUR", "USD").await, "1.10");

    bank.save(&with_dollars_at("0"));
    let refused = bank.host.admin().post("/services/reload").await.json(422);
    assert_parts(&refused.to_string(), &["config key `USD`"]);
    // The old table goes on.
    let rates = client.read("/api/rates?base=USD").await;
    assert_eq!(rates["rates"]["EUR"], "0.9090909091");
}
