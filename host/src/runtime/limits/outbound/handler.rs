//! `wasi:http` of WASI 0.2 for guests.
//!
//! All but one function is the engine's. Its `handle` takes the options of a request out of the
//! guest's hands and keeps them in the table of resources: an instance that sends as many requests
//! with options as it may have handles would trap.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{self, Host as _, RequestOptions};
use wasmtime_wasi_http::p2::types::HostOutgoingRequest;
use wasmtime_wasi_http::{WasiHttp, WasiHttpView};

/// The interface that has `handle`. The engine takes it for each other 0.2 too.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

type HandleParameters = (
    Resource<HostOutgoingRequest>,
    Option<Resource<RequestOptions>>,
);

/// Gives `wasi:http` of WASI 0.2 to the components of a linker.
///
/// # Errors
/// An interface is in the linker already.
pub fn add_http_to_linker<T: WasiHttpView + 'static>(
    linker: &mut Linker<T>,
) -> wasmtime::Result<()> {
    let options = LinkOptions::default();
    types::add_to_linker::<_, WasiHttp>(linker, &(&options).into(), T::http)?;
    let handle = |mut store: StoreContextMut<'_, T>, (request, options): HandleParameters| {
        let mut http = store.data_mut().http();
        let kept = options.as_ref().map(|it| Resource::new_own(it.rep()));
        let handled = http.handle(request, options);
        if let Some(options) = kept {
            let _: RequestOptions = http.table.delete(options)?;
        }
        let handled = match handled {
            Ok(response) => Ok(response),
            Err(error) => Err(http.convert_error_code(error)?),
        };
        Ok((handled,))
    };
    linker.instance(HANDLER)?.func_wrap("handle", handle)
}
