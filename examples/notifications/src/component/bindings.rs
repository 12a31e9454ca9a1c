//! The exports that the macro generates from the bank's `wit`, and the export of WASI. The sdk and
//! `ledger-api` have the imports.

#![expect(
    unsafe_code,
    reason = "the generated exports cross the component boundary by pointers"
)]

use super::Component;

wit_bindgen::generate!({
    path: "../../wit/service",
    inline: "
        package strongroom:notifications;
        world notifications {
            export strongroom:service/lifecycle@0.1.0;
        }
    ",
    world: "strongroom:notifications/notifications",
    generate_all,
});

export!(Component with_types_in self);
wasip3::http::service::export!(Component);
