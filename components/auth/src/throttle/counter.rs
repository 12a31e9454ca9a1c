//! The counters of failures, as rows.

use super::network::Network;
use super::softlock::{Pace, Softlock};
use sha2::{Digest, Sha256};
use strongroom_sdk::store::{Reader, StoreError, Transaction, Value};
use uuid::Uuid;

const SELECT: &str = "\
SELECT failures, locked_until, last_failure_at FROM login_failure
WHERE account = ?1 AND kind = ?2 AND source = ?3";

const UPSERT: &str = "\
INSERT INTO login_failure (account, kind, source, failures, locked_until, last_failure_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (account, kind, source) DO UPDATE SET failures = excluded.failures,
    locked_until = excluded.locked_until, last_failure_at = excluded.last_failure_at";

const DELETE: &str = "DELETE FROM login_failure WHERE account = ?1 AND kind = ?2 AND source = ?3";

const DELETE_ACCOUNT: &str = "DELETE FROM login_failure WHERE account = ?1";

/// An account whose failures are counted: the SHA-256 of the key of an email address, also of one
/// without a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account([u8; 32]);

impl Account {
    pub(crate) fn of(email_key: &str) -> Self {
        Self(Sha256::digest(email_key).into())
    }

    /// Deletes every counter of the account.
    pub(crate) fn forget(self, transaction: &impl Transaction) -> Result<(), StoreError> {
        transaction.execute(DELETE_ACCOUNT, &[self.into()])?;
        Ok(())
    }
}

impl From<Account> for Value {
    fn from(account: Account) -> Self {
        account.0.as_slice().into()
    }
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The failures from one network.
    Network,
    /// The failures from all networks.
    Total,
    /// The failures of one device that the user has logged in from.
    Device,
    /// The failures of one session of the user.
    Session,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Network, Self::Total, Self::Device, Self::Session];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Total => "total",
            Self::Device => "device",
            Self::Session => "session",
        }
    }

    fn pace(self) -> Pace {
        match self {
            Self::Total => Pace::Loose,
            Self::Network | Self::Device | Self::Session => Pace::Close,
        }
    }
}

/// A counter of failures of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counter {
    account: Account,
    kind: Kind,
    source: Vec<u8>,
}

impl Counter {
    /// The counters of an attempt with only a password: a close one of the network, and a loose one
    /// of all networks.
    pub(crate) fn of_stranger(account: Account, network: Network) -> Vec<Self> {
        let counter = |kind, source| Self {
            account,
            kind,
            source,
        };
        vec![
            counter(Kind::Network, network.into_prefix()),
            counter(Kind::Total, Vec::new()),
        ]
    }

    /// The counter of an attempt with a device token of the user. No stranger can raise it.
    pub(crate) fn of_device(account: Account, token_hash: [u8; 32]) -> Vec<Self> {
        vec![Self {
            account,
            kind: Kind::Device,
            source: token_hash.to_vec(),
        }]
    }

    /// The counter of an attempt in a session of the user. No stranger can raise it.
    pub(crate) fn of_session(account: Account, session: Uuid) -> Vec<Self> {
        vec![Self {
            account,
            kind: Kind::Session,
            source: session.as_bytes().to_vec(),
        }]
    }

    /// Whether it counts what no stranger can do.
    pub(super) fn is_of_one_known(&self) -> bool {
        matches!(self.kind, Kind::Device | Kind::Session)
    }

    fn key(&self) -> [Value; 3] {
        [
            self.account.into(),
            self.kind.as_str().into(),
            self.source.as_slice().into(),
        ]
    }

    /// The failures that still count now.
    pub(super) fn find(&self, now_ms: i64, from: &impl Reader) -> Result<Softlock, StoreError> {
        let pace = self.kind.pace();
        let Some(row) = from.query(SELECT, &self.key())?.first() else {
            return Ok(Softlock::new(pace));
        };
        let softlock = Softlock {
            pace,
            failures: row.integer(0)?,
            locked_until_ms: row.integer(1)?,
            last_failure_at_ms: row.integer(2)?,
        };
        Ok(softlock.at(now_ms))
    }

    pub(super) fn save(
        &self,
        softlock: &Softlock,
        transaction: &impl Transaction,
    ) -> Result<(), StoreError> {
        let mut params = self.key().to_vec();
        params.extend([
            softlock.failures.into(),
            softlock.locked_until_ms.into(),
            softlock.last_failure_at_ms.into(),
        ]);
        transaction.execute(UPSERT, &params)?;
        Ok(())
    }

    pub(super) fn delete(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        transaction.execute(DELETE, &self.key())?;
        Ok(())
    }
}
