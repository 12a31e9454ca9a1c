//! Made from the world `token` when the crate is compiled.

use super::Component;

wit_bindgen::generate!({
    path: [
        "../../wit/store",
        "../../wit/keys",
        "../../wit/config",
        "../../wit/service",
        "../../wit/token",
    ],
    world: "strongroom:token/token",
    generate_all,
});

export!(Component with_types_in self);
