//! Scripts of Python, each with a library of others, or their texts.

use strongroom_tests::Bank;
use strongroom_tests::bank::{ADMIN_EMAIL, ADMIN_PASSWORD};
use strongroom_tests::tools::{output_of, python};

/// The big list of naughty strings, in each member, path, parameter, and header.
#[tokio::test]
async fn naughty_strings_fail_nothing_and_come_back_as_they_were_sent() {
    let Some(mut client) = python("clients/naughty_strings.py") else {
        return;
    };
    // Its wrong passwords lock its own address out.
    let bank = Bank::start().await;
    client.args([bank.address(), ADMIN_EMAIL, ADMIN_PASSWORD]);
    output_of(client).await;
}

#[tokio::test]
async fn oauth_libraries_refresh_introspect_and_revoke() {
    let Some(mut client) = python("clients/oauth.py") else {
        return;
    };
    let bank = Bank::shared().await;
    client.arg(format!("http://{}", bank.address()));
    client.arg(bank.admin().await.token());
    output_of(client).await;
}
