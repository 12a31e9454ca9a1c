//! The types of the interfaces and the exports, generated from `/wit`. The imported ledger is
//! `Linked`.
//!
//! The world is not in `wit/screening`: a service that judges needs only that package.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

wit_bindgen::generate!({
    path: [
        "../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account",
        "../../wit/screening",
    ],
    inline: "
        package strongroom:gate;
        world gate {
            import strongroom:screening/screen@0.1.0;
            export strongroom:account/ledger@0.1.0;
        }
    ",
    world: "strongroom:gate/gate",
    with: { "strongroom:account/types@0.1.0": strongroom_ledger_api::wit::types },
    generate_all,
});

export!(Component with_types_in self);
