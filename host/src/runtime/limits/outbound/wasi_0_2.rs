//! `wasi:http` of WASI 0.2: the engine's, but for what it would keep of a guest.
//!
//! Its `handle` takes the options of a request out of the guest's hands, and leaves them in the
//! table of resources. An instance that sends as many requests with options as it may have handles
//! would trap.

use super::target::{REFUSED, Taken, is_long_authority, is_long_method};
use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{
    self, ErrorCode, FutureIncomingResponse, Host as _, HostOutgoingRequest as _, Method,
    RequestOptions,
};
use wasmtime_wasi_http::p2::types::HostOutgoingRequest;
use wasmtime_wasi_http::{WasiHttp, WasiHttpView};

/// The interfaces as the engine names them. It takes each for the other versions of 0.2 too.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";
const TYPES: &str = "wasi:http/types@0.2.12";

type OutgoingRequest = Resource<HostOutgoingRequest>;
type OutgoingResponse = Resource<FutureIncomingResponse>;
type Options = Option<Resource<RequestOptions>>;

/// Gives `wasi:http` of WASI 0.2 to the components of a linker.
///
/// # Errors
/// An interface is in the linker already.
pub fn add_wasi_0_2<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    let options = LinkOptions::default();
    types::add_to_linker::<_, WasiHttp>(linker, &(&options).into(), T::http)?;
    linker.instance(HANDLER)?.func_wrap("handle", handle)?;
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.func_wrap("[method]outgoing-request.set-authority", set_authority)?;
    types.func_wrap("[method]outgoing-request.set-method", set_method)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn set_authority<T: WasiHttpView>(
    mut store: StoreContextMut<'_, T>,
    (request, authority): (OutgoingRequest, Option<String>),
) -> Taken {
    if is_long_authority(authority.as_deref()) {
        return REFUSED;
    }
    let mut http = store.data_mut().http();
    http.set_authority(request, authority).map(|taken| (taken,))
}

fn set_method<T: WasiHttpView>(
    mut store: StoreContextMut<'_, T>,
    (request, method): (OutgoingRequest, Method),
) -> Taken {
    if matches!(&method, Method::Other(name) if is_long_method(name)) {
        return REFUSED;
    }
    let mut http = store.data_mut().http();
    http.set_method(request, method).map(|taken| (taken,))
}

fn handle<T: WasiHttpView>(
    mut store: StoreContextMut<'_, T>,
    (request, options): (OutgoingRequest, Options),
) -> Result<(std::result::Result<OutgoingResponse, ErrorCode>,)> {
    let mut http = store.data_mut().http();
    let kept = options.as_ref().map(|it| Resource::new_own(it.rep()));
    let handled = http.handle(request, options);
    if let Some(options) = kept {
        // An engine that does not leave them there any more is fine too.
        let _: Result<RequestOptions, _> = http.table.delete(options);
    }
    Ok((match handled {
        Ok(response) => Ok(response),
        Err(error) => Err(http.convert_error_code(error)?),
    },))
}
