//! The host side of `strongroom:store/sql`, made from its WIT.

wasmtime::component::bindgen!({
    path: "../wit/store",
    inline: "package strongroom:host-store; world imports { import strongroom:store/sql@0.1.0; }",
    world: "strongroom:host-store/imports",
    imports: {
        "strongroom:store/sql@0.1.0.[method]transaction.execute": trappable,
        "strongroom:store/sql@0.1.0.[method]transaction.query": trappable,
        default: async | trappable,
    },
    with: {
        "strongroom:store/sql@0.1.0.transaction": super::transaction::Turn,
    },
    require_store_data_send: true,
});

pub use strongroom::store::sql::{
    Change, Error, Host, HostTransaction, Rows, Value, add_to_linker,
};
