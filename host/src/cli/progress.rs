//! The progress bar of a command that copies much. Only a terminal shows it.

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(what: &'static str, bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes).with_prefix(what);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(super) fn add(&mut self, bytes: u64) {
        self.0.inc(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
