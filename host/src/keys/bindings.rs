//! The host side of `strongroom:keys`, made from its WIT.

wasmtime::component::bindgen!({
    path: "../wit/keys",
    inline: "package strongroom:host-keys; world imports {
        import strongroom:keys/signer@0.1.0;
        import strongroom:keys/revocations@0.1.0;
    }",
    world: "strongroom:host-keys/imports",
    imports: {
        "strongroom:keys/revocations@0.1.0.revoke-session": async | trappable,
        "strongroom:keys/revocations@0.1.0.revoke-subject": async | trappable,
        default: trappable,
    },
    require_store_data_send: true,
});

pub use strongroom::keys::{revocations, signer};
