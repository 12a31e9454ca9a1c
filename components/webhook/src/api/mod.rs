//! What each call of `/api/webhooks` does, without the web server around it.

mod audit_log;
mod body;
mod deliveries;
mod view;
mod webhooks;

pub use audit_log::LogFilter;
pub use body::{SECRET_BYTES, URL_BYTES_MAX, WebhookBody};
pub use view::{CreatedView, DeliveryView, WebhookView};
pub use webhooks::WEBHOOKS_MAX;
