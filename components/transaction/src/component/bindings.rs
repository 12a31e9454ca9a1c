//! What the macro makes of `/wit`: the types of the interfaces, and the exports.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

wit_bindgen::generate!({
    path: ["../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account", "../../wit/transaction"],
    world: "strongroom:transaction/transaction",
    generate_all,
});

export!(Component with_types_in self);
