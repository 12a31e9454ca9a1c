//! The export `strongroom:service/metrics`, which never returns.

use bindings::exports::strongroom::service::metrics::{Guest, Metric};

struct Hostile;

#[expect(
    unsafe_code,
    reason = "the component model's exports are C functions, which wit-bindgen writes"
)]
mod bindings {
    use super::Hostile;

    wit_bindgen::generate!({
        path: "../../../wit/service",
        inline: "
            package tests:hostile;
            world hostile {
                export strongroom:service/metrics@0.1.0;
            }
        ",
        world: "tests:hostile/hostile",
        generate_all,
    });

    export!(Hostile with_types_in self);
}

impl Guest for Hostile {
    fn collect() -> Result<Vec<Metric>, String> {
        single::endless_loop()
    }
}
