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
}

impl Trigger {
    /// The word for it in the log and the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Saved => "saved",
            Self::Signal => "sighup",
            Self::Request => "request",
        }
    }

    /// Whether somebody asks, so that what was refused is tried again although it is the same.
    pub(super) fn is_asked_for(self) -> bool {
        matches!(self, Self::Signal | Self::Request)
    }
}
