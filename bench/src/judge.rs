//! Verdicts, one a line, and whether all targets are met.

use std::fmt::Display;

use anyhow::{Result, ensure};

/// How many targets are missed.
#[derive(Debug, Default)]
pub struct Judge(u64);

impl Judge {
    pub fn say(&mut self, is_met: bool, what: impl Display) {
        println!("  {} {what}", if is_met { "ok    " } else { "MISSED" });
        self.0 = self.0.saturating_add(u64::from(!is_met));
    }

    pub fn end(self) -> Result<()> {
        ensure!(self.0 == 0, "{} targets are missed: see above", self.0);
        Ok(())
    }
}
