//! Freezes: the movements that staff stop.

use serde::Deserialize;
use strongroom_sdk::stored_enum;

stored_enum! {
    /// Which movements staff have stopped.
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Freeze {
        /// No money leaves the account, or is held on it.
        Debits = 1, "debits";
        /// No money comes to the account.
        Credits = 2, "credits";
        /// Both of these.
        Both = 3, "both";
    }
}

impl Freeze {
    /// Whether it stops money that leaves.
    pub fn stops_debits(self) -> bool {
        matches!(self, Self::Debits | Self::Both)
    }

    /// Whether it stops money that comes in.
    pub fn stops_credits(self) -> bool {
        matches!(self, Self::Credits | Self::Both)
    }
}
