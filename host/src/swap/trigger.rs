//! Why the host reads the registry.

/// Why the host reads the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The host starts.
    Start,
    /// The registry or a component's file was saved.
    Saved,
    /// The process got SIGHUP.
    Signal,
    /// A client of the admin API asked for it: `POST /services/reload`.
    Request,
    /// The machine's clock is trusted again.
    Clock,
}

impl Trigger {
    /// Its name in the log and the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Saved => "saved",
            Self::Signal => "sighup",
            Self::Request => "request",
            Self::Clock => "clock",
        }
    }

    /// Whether the host retries what it refused although it is the same: the operator asks for it,
    /// or a start that has to write may succeed now.
    pub(super) fn retries_refused(self) -> bool {
        self.revives_canaries() || self == Self::Clock
    }

    /// Whether a canary comes back that was taken out: the operator asks for it.
    pub(super) fn revives_canaries(self) -> bool {
        matches!(self, Self::Signal | Self::Request)
    }
}
