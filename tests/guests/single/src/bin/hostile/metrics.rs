//! The export `strongroom:service/metrics`, which never returns.

use bindings::exports::strongroom::service::metrics::{Guest, Metric};

struct Hostile;

single::bindings!(Hostile, {
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

impl Guest for Hostile {
    fn collect() -> Result<Vec<Metric>, String> {
        single::endless_loop()
    }
}
