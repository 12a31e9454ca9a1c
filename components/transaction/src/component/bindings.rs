//! What the macro makes of `/wit`: the types of the interfaces, and the exports.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

#[cfg(not(feature = "screening"))]
wit_bindgen::generate!({
    path: ["../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account", "../../wit/transaction"],
    world: "strongroom:transaction/transaction",
    generate_all,
});

#[cfg(feature = "screening")]
wit_bindgen::generate!({
    path: [
        "../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account", "../../wit/screening", "../../wit/transaction",
    ],
    inline: "
        package strongroom:screened-transaction;
        world transaction {
            include strongroom:transaction/transaction@0.1.0;
            import strongroom:screening/screen@0.1.0;
        }
    ",
    world: "strongroom:screened-transaction/transaction",
    generate_all,
});

export!(Component with_types_in self);
