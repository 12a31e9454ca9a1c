//! The exports, as the macro makes them of `/wit`.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

wit_bindgen::generate!({
    path: [
        "../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account",
        "../../wit/webhook",
    ],
    world: "strongroom:webhook/webhook",
    with: { "strongroom:account/types@0.1.0": strongroom_ledger_api::wit::types },
    generate_all,
});

export!(Component with_types_in self);
