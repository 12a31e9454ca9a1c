//! When the data was last restored from a backup (`strongroom:service/restoration`).

mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/service",
        inline: "
            package strongroom:sdk-restoration;
            world imports { import strongroom:service/restoration@0.1.0; }
        ",
        world: "strongroom:sdk-restoration/imports",
        generate_all,
    });
}

/// The time of the last restoration, in milliseconds since 1970 UTC; none: there never was one.
pub fn restored_at_ms() -> Option<i64> {
    bindings::strongroom::service::restoration::restored_at()
}
