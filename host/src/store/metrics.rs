//! The sizes of a store, and all its figures on a page.

use super::log_file::log_of;
use super::service_store::ServiceStore;
use crate::metrics::Page;
use std::path::Path;

impl ServiceStore {
    /// Writes the figures of the store of a service.
    pub fn write_to(&self, page: &mut Page, service: &str) {
        let labels = &[("service", service)];
        self.read_figures().write_to(page, service);
        page.gauge(
            "strongroom_store_database_bytes",
            "The size of the database.",
            labels,
            bytes_of(self.file()),
        );
        page.gauge(
            "strongroom_store_wal_bytes",
            "The size of the write-ahead log.",
            labels,
            bytes_of(&log_of(self.file())),
        );
        if let Some(writer) = self.writer() {
            page.gauge(
                "strongroom_store_max_bytes",
                "How large the database may become: `limits.store`.",
                labels,
                i64::try_from(writer.bytes_max()).unwrap_or(i64::MAX),
            );
            writer.figures().write_to(page, service);
        }
    }
}

/// The size of a file; 0 where there is none.
fn bytes_of(file: &Path) -> i64 {
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
