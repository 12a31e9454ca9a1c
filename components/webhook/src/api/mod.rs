//! What each call of `/api/webhooks` does, without the web server around it. `handlers` has
//! the errors of each call.

mod audit_log;
mod body;
mod deliveries;
mod find;
#[cfg(target_family = "wasm")]
pub(crate) mod handlers;
mod secrets;
mod test_event;
mod view;
mod webhooks;

pub use audit_log::LogFilter;
pub use body::{ChangeBody, RotateBody, SECRET_BYTES, URL_BYTES_MAX, WebhookBody};
pub use view::{DeliveryView, SecretView, TestView, WebhookView};
pub use webhooks::WEBHOOKS_MAX;
