//! What the macro makes of `/wit`: the exports. The imports are those of the sdk and of the
//! ledger's words, but for the users of auth.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

wit_bindgen::generate!({
    path: [
        "../../wit/store", "../../wit/keys", "../../wit/config", "../../wit/service", "../../wit/token", "../../wit/auth",
        "../../wit/account", "../../wit/transaction",
    ],
    world: "strongroom:transaction/transaction",
    with: { "strongroom:account/types@0.1.0": strongroom_ledger_api::wit::types },
    generate_all,
});

export!(Component with_types_in self);
