//! The `wasi:http/incoming-handler` export, by hand.
//!
//! `#[wstd::http_server]` unwraps the write of the response body, so a client that goes away would trap the instance, and the host
//! would count that against the service. What is used of wstd here is what that macro uses, and hidden from its documentation.

use super::Site;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wstd::http::request::try_from_incoming;
use wstd::http::server::Responder;

/// Answers one request.
pub fn serve(request: IncomingRequest, response_out: ResponseOutparam, site: Site) {
    let responder = Responder::new(response_out);
    wstd::runtime::block_on(async move {
        let response = match try_from_incoming(request) {
            Ok(request) => wstd_axum::serve(request, site).await,
            Err(error) => Err(error),
        };
        match response {
            // Only a client that has gone away makes the write fail, and then there is nobody left to tell.
            Ok(response) => drop(responder.respond(response).await),
            Err(error) => responder.fail(error),
        }
    });
}

/// Exports a component's routes as `wasi:http/incoming-handler`: takes the path of a `fn() -> Site`, which is called once per
/// instance.
#[macro_export]
macro_rules! export_http {
    ($site:path) => {
        struct HttpExport;

        impl $crate::http::wasip2::exports::http::incoming_handler::Guest for HttpExport {
            fn handle(
                request: $crate::http::wasip2::http::types::IncomingRequest,
                response_out: $crate::http::wasip2::http::types::ResponseOutparam,
            ) {
                static SITE: ::std::sync::OnceLock<$crate::http::Site> = ::std::sync::OnceLock::new();
                $crate::http::serve(request, response_out, SITE.get_or_init($site).clone());
            }
        }

        $crate::http::wasip2::http::proxy::export!(HttpExport with_types_in $crate::http::wasip2);
    };
}
