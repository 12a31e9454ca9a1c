//! The exports, and the import of auth's users, as the macro makes them of `/wit`. The sdk and
//! `strongroom-ledger-api` have the other imports.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

wit_bindgen::generate!({
    path: [
        "../../wit/store", "../../wit/keys", "../../wit/config", "../../wit/service",
        "../../wit/token", "../../wit/auth", "../../wit/account", "../../wit/transaction",
    ],
    world: "strongroom:transaction/transaction",
    with: { "strongroom:account/types@0.1.0": strongroom_ledger_api::wit::types },
    generate_all,
});

export!(Component with_types_in self);
