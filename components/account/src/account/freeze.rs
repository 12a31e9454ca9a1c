//! What a freeze stops.

use strongroom_sdk::stored_enum;

stored_enum! {
    /// Which movements staff have stopped.
    pub enum Freeze {
        /// No money leaves the account, or is held on it.
        Debits = 1, "debits";
        /// No money comes to the account.
        Credits = 2, "credits";
        /// Neither.
        Both = 3, "both";
    }
}

impl Freeze {
    /// Whether no money may leave.
    pub fn stops_debits(self) -> bool {
        matches!(self, Self::Debits | Self::Both)
    }

    /// Whether no money may come in.
    pub fn stops_credits(self) -> bool {
        matches!(self, Self::Credits | Self::Both)
    }
}
