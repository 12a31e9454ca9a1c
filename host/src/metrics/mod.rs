//! The host's figures for operators, as Prometheus reads them.
//!
//! Each part of the host counts what it does with atomics, beside the code that does it, and writes
//! its [`Figures`] on the [`Page`] that the admin listener responds with. Nothing is looked up when
//! something is counted, and nothing is counted twice.

mod histogram;
mod page;

pub use histogram::{Histogram, HistogramSnapshot};
pub use page::{Page, TEXT_FORMAT};

/// A part of the host that counts what it does.
pub trait Figures: Send + Sync {
    /// Writes the figures as they are now.
    fn write_to(&self, page: &mut Page);
}
