//! The figures of connections.

use super::Connections;
use crate::metrics::{Figures, Page};
use std::sync::atomic::Ordering::Relaxed;

impl Figures for Connections {
    fn write_to(&self, page: &mut Page) {
        let open = self.table.lock().by_number.len();
        page.number(
            "strongroom_connections",
            "Open connections of clients.",
            &[],
            open,
        );
        page.number(
            "strongroom_connections_max",
            "How many connections may be open.",
            &[],
            self.connections_max,
        );
        page.counter(
            "strongroom_connections_accepted_total",
            "Connections that had a place.",
            &[],
            self.table.lock().next_number,
        );
        page.counter(
            "strongroom_connections_refused_total",
            "Connections that were closed, as their address had its maximum.",
            &[],
            self.refused.load(Relaxed),
        );
    }
}
