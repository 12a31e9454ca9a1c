//! `wasi:http` of WASI 0.3: the engine's, but for what it would keep of a guest.

use super::target::{REFUSED, Taken, is_long_authority, is_long_method};
use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p3::bindings::http::types::{HostRequest as _, Method};
use wasmtime_wasi_http::p3::{self, Request};

/// The interface as the engine names it. It takes it for the other versions of 0.3 too.
const TYPES: &str = "wasi:http/types@0.3.0";

/// Gives `wasi:http` of WASI 0.3 to the components of a linker.
///
/// # Errors
/// An interface is in the linker already.
pub fn add_wasi_0_3<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    p3::add_to_linker(linker)?;
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.func_wrap("[method]request.set-authority", set_authority)?;
    types.func_wrap("[method]request.set-method", set_method)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn set_authority<T: WasiHttpView>(
    mut store: StoreContextMut<'_, T>,
    (request, authority): (Resource<Request>, Option<String>),
) -> Taken {
    if is_long_authority(authority.as_deref()) {
        return REFUSED;
    }
    let mut http = store.data_mut().http();
    http.set_authority(request, authority).map(|taken| (taken,))
}

fn set_method<T: WasiHttpView>(
    mut store: StoreContextMut<'_, T>,
    (request, method): (Resource<Request>, Method),
) -> Taken {
    if matches!(&method, Method::Other(name) if is_long_method(name)) {
        return REFUSED;
    }
    let mut http = store.data_mut().http();
    http.set_method(request, method).map(|taken| (taken,))
}
