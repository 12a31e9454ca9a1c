//! Why the registry is read.

/// Why the registry is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The host starts.
    Start,
    /// The registry or a component's file was saved.
    Saved,
    /// SIGHUP.
    Signal,
    /// `POST /services/reload`.
    Request,
    /// The machine's clock is trusted again.
    Clock,
}

impl Trigger {
    /// The word for it in the log and the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Saved => "saved",
            Self::Signal => "sighup",
            Self::Request => "request",
            Self::Clock => "clock",
        }
    }

    /// Whether what was refused is tried again although it is the same: somebody asks for it, or a
    /// start that has to write may succeed now.
    pub(super) fn tries_again(self) -> bool {
        matches!(self, Self::Signal | Self::Request | Self::Clock)
    }
}
