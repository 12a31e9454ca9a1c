//! The host side of `strongroom:keys`, made from its WIT.

wasmtime::component::bindgen!({
    path: "../wit/keys",
    inline: "package strongroom:host-keys; world imports {
        import strongroom:keys/signer@0.1.0;
        import strongroom:keys/revocations@0.1.0;
        import strongroom:keys/api-keys@0.1.0;
    }",
    world: "strongroom:host-keys/imports",
    imports: {
        "strongroom:keys/revocations@0.1.0.revoke-session": async | trappable,
        "strongroom:keys/revocations@0.1.0.revoke-subject": async | trappable,
        "strongroom:keys/api-keys@0.1.0.put": async | trappable,
        "strongroom:keys/api-keys@0.1.0.revoke": async | trappable,
        "strongroom:keys/api-keys@0.1.0.confirm": async | trappable,
        "strongroom:keys/api-keys@0.1.0.block-customer": async | trappable,
        "strongroom:keys/api-keys@0.1.0.unblock-customer": async | trappable,
        default: trappable,
    },
    require_store_data_send: true,
});

pub use strongroom::keys::{api_keys, revocations, signer};
