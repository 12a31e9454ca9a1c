//! OAuth clients.

use strongroom_tests::Bank;
use strongroom_tests::tools::{output_of, python};

#[tokio::test]
async fn oauth_libraries_refresh_introspect_and_revoke() {
    let Some(mut client) = python("clients/oauth.py") else {
        return;
    };
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    client
        .arg(format!("http://{}", bank.address()))
        .arg(admin.token());
    output_of(client).await;
}
