//! Goal: no text makes the bank fail, wherever a client puts it, and what is taken is kept as it
//! is. Method: the big list of naughty strings, in each member, path, parameter, and header.

use strongroom_tests::Bank;
use strongroom_tests::bank::{ADMIN_EMAIL, ADMIN_PASSWORD};
use strongroom_tests::tools::{output_of, python};

#[tokio::test]
async fn naughty_strings_fail_nothing_and_come_back_as_they_were_sent() {
    let Some(mut client) = python("clients/naughty_strings.py") else {
        return;
    };
    // Its wrong passwords lock its own address out.
    let bank = Bank::start().await;
    client
        .arg(bank.address())
        .args([ADMIN_EMAIL, ADMIN_PASSWORD]);
    output_of(client).await;
}
