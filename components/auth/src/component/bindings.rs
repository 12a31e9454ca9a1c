//! Made from the world `auth` when the crate is compiled.

use super::Component;

wit_bindgen::generate!({
    path: [
        "../../wit/store",
        "../../wit/keys",
        "../../wit/config",
        "../../wit/service",
        "../../wit/token",
        "../../wit/auth",
    ],
    world: "strongroom:auth/auth",
    generate_all,
});

export!(Component with_types_in self);
