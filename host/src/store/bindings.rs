//! The host side of `strongroom:store/sql`, generated from its WIT.

wasmtime::component::bindgen!({
    path: "../wit/store",
    inline: "package strongroom:host-store; world imports { import strongroom:store/sql@0.2.0; }",
    world: "strongroom:host-store/imports",
    imports: {
        "strongroom:store/sql@0.2.0.[method]transaction.execute": trappable,
        "strongroom:store/sql@0.2.0.[method]transaction.query": trappable,
        default: async | trappable,
    },
    require_store_data_send: true,
});

pub use strongroom::store::sql::{
    Change, Error, Host, HostTransaction, Rows, Transaction, Value, add_to_linker,
};
