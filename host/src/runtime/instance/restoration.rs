//! `strongroom:service/restoration`: when the data was last restored from a backup.

use wasmtime::component::Linker;

/// The interface, as components import it.
const RESTORATION: &str = "strongroom:service/restoration@0.1.0";

/// Gives `strongroom:service/restoration` to the components of a linker. `at_ms` is in milliseconds
/// since 1970 UTC.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    at_ms: Option<i64>,
) -> wasmtime::Result<()> {
    linker
        .instance(RESTORATION)?
        .func_wrap("restored-at", move |_, (): ()| Ok((at_ms,)))
}
