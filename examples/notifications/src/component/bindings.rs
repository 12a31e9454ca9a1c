//! What the macro makes of the bank's `wit`: the types of the imports, and the exports but for that of WASI.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

wit_bindgen::generate!({
    path: ["../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account"],
    inline: "
        package strongroom:notifications;
        world notifications {
            import strongroom:account/ledger@0.1.0;
            export strongroom:service/lifecycle@0.1.0;
        }
    ",
    world: "strongroom:notifications/notifications",
    generate_all,
});

export!(Component with_types_in self);
wasip3::http::service::export!(Component);
