//! The roles of callers.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A caller's role. Each user has exactly one, and none has `service`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Owns accounts. Every user who registers is a customer.
    Customer,
    /// Acts for customers: pays in and out, and freezes accounts.
    Teller,
    /// Reads everything and changes nothing.
    Auditor,
    /// Administers users, and may do what a teller may.
    Admin,
    /// A client that acts for the bank with an API key, within the key's scopes. JSON has no such
    /// role: a body cannot give it to a user.
    #[serde(skip_deserializing)]
    Service,
}

/// The text is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of customer, teller, auditor, admin, service")]
pub struct UnknownRole;

impl Role {
    /// The word in tokens, headers, and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Teller => "teller",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        match text {
            "customer" => Ok(Self::Customer),
            "teller" => Ok(Self::Teller),
            "auditor" => Ok(Self::Auditor),
            "admin" => Ok(Self::Admin),
            "service" => Ok(Self::Service),
            _ => Err(UnknownRole),
        }
    }
}
