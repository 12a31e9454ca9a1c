use std::path::Path;
use strongroom_account::ledger as account_ledger;
use strongroom_sdk::clock::{Clock, SystemClock};
use strongroom_sdk::store::{Row, SqliteStore, Store};
use strongroom_transaction::drive;
use strongroom_transaction::idempotency::IdempotencyKey;
use strongroom_transaction::intent::Intent;
use strongroom_transaction::ledger::*;
use strongroom_transaction::request::{AccountRef, Instruction, Kind, Route};
use uuid::Uuid;

struct Local(SqliteStore);

impl Ledger for Local {
    fn post(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        account_ledger::post(&self.0, &SystemClock, &to_account(transfer))
            .map(from_account)
            .map_err(|e| LedgerError::Unavailable(format!("{e:?}")))
    }
    fn fence(&self, _: &Transfer) -> Result<Posting, LedgerError> {
        unimplemented!()
    }
    fn post_batch(
        &self,
        _: &[Transfer],
        _: bool,
    ) -> Result<Vec<Result<Posting, LedgerError>>, LedgerError> {
        unimplemented!()
    }
    fn fence_batch(&self, _: &[Transfer]) -> Result<Vec<Posting>, LedgerError> {
        unimplemented!()
    }
    fn lookup(&self, _: Uuid) -> Result<Option<Posting>, LedgerError> {
        unimplemented!()
    }
    fn history(&self, _: Uuid, _: u64, _: u32) -> Result<Vec<Posting>, LedgerError> {
        unimplemented!()
    }
    fn owner_of(&self, _: Uuid) -> Result<Option<Uuid>, LedgerError> {
        unimplemented!()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = Path::new(&arguments[1]);
    let count: u64 = arguments[2].parse().unwrap();
    let accounts = SqliteStore::open_without_sync(&folder.join("accounts.sqlite")).unwrap();
    let requests = SqliteStore::open_without_sync(&folder.join("transactions.sqlite")).unwrap();
    let rows = accounts
        .query(
            "SELECT id, owner_id FROM account WHERE type <> 'settlement' LIMIT 1000",
            &[],
        )
        .unwrap();
    let known: Vec<(Uuid, Uuid)> = rows
        .into_iter()
        .map(|row: Row| (row.uuid(0).unwrap(), row.uuid(1).unwrap()))
        .collect();
    let ledger = Local(accounts);
    let begun = SystemClock.now_ms();
    for number in 0..count {
        let (from, owner) = known[(number as usize * 7) % known.len()];
        let (to, _) = known[(number as usize * 7 + 1 + number as usize % 90) % known.len()];
        let key =
            IdempotencyKey::from_header([format!("fill-{begun}-{number}").as_bytes()]).unwrap();
        let instruction = Instruction {
            kind: Kind::Transfer,
            source: Some(from),
            destination: Some(AccountRef::Id(to)),
            amount_minor: 1,
            currency: "EUR".to_owned(),
            reference: Some("rent".to_owned()),
            metadata: None,
            subject: None,
            expires_in: None,
        };
        let intent = Intent::new(
            owner,
            Route::Transfer,
            key,
            DebitAuthority::Owner(owner),
            instruction,
            (SystemClock.now_ms(), 86_400_000),
        );
        drive::submit(&requests, &ledger, &intent).unwrap();
    }
}
fn to_account(transfer: &Transfer) -> account_ledger::Transfer {
    let instruction = &transfer.instruction;
    account_ledger::Transfer {
        id: transfer.id,
        fingerprint: transfer.fingerprint,
        kind: match instruction.kind {
            Kind::Deposit => account_ledger::Kind::Deposit,
            Kind::Withdrawal => account_ledger::Kind::Withdrawal,
            Kind::Transfer => account_ledger::Kind::Transfer,
            Kind::Hold => account_ledger::Kind::Hold,
            Kind::Capture => account_ledger::Kind::Capture,
            Kind::Void => account_ledger::Kind::Void,
            Kind::Expiry => account_ledger::Kind::Expiry,
            Kind::Reversal => account_ledger::Kind::Reversal,
        },
        authority: match transfer.authority {
            DebitAuthority::Owner(owner) => account_ledger::DebitAuthority::Owner(owner),
            DebitAuthority::Bank => account_ledger::DebitAuthority::Bank,
        },
        initiator: transfer.initiator,
        source: instruction.source,
        destination: instruction
            .destination
            .clone()
            .map(|account| match account {
                AccountRef::Id(id) => account_ledger::AccountRef::Id(id),
                AccountRef::Number(number) => account_ledger::AccountRef::Number(number),
            }),
        subject: instruction.subject,
        timeout_seconds: instruction.expires_in,
        amount_minor: instruction.amount_minor,
        currency: instruction.currency.clone(),
        reference: instruction.reference.clone(),
        metadata: transfer.metadata(),
        requested_at_ms: transfer.requested_at_ms,
    }
}

fn from_account_kind(kind: account_ledger::Kind) -> Kind {
    match kind {
        account_ledger::Kind::Deposit => Kind::Deposit,
        account_ledger::Kind::Withdrawal => Kind::Withdrawal,
        account_ledger::Kind::Transfer => Kind::Transfer,
        account_ledger::Kind::Hold => Kind::Hold,
        account_ledger::Kind::Capture => Kind::Capture,
        account_ledger::Kind::Void => Kind::Void,
        account_ledger::Kind::Expiry => Kind::Expiry,
        account_ledger::Kind::Reversal => Kind::Reversal,
    }
}

fn from_account_status(status: account_ledger::Status) -> Outcome {
    match status {
        account_ledger::Status::Pending => Outcome::Held,
        account_ledger::Status::Voided => Outcome::Voided,
        account_ledger::Status::Expired => Outcome::Expired,
        account_ledger::Status::Posted | account_ledger::Status::Declined => Outcome::Posted,
    }
}

fn from_account(posting: account_ledger::Posting) -> Posting {
    let party = |party: account_ledger::PostingParty| Party {
        account_id: party.account_id,
        owner_id: party.owner_id,
    };
    Posting {
        id: posting.id,
        sequence: posting.sequence as u64,
        fingerprint: Some(posting.fingerprint),
        kind: from_account_kind(posting.kind),
        subject: posting.subject,
        expires_at_ms: posting.expires_at_ms,
        resolution: posting.resolution.map(|resolution| Resolution {
            id: resolution.id,
            kind: from_account_kind(resolution.kind),
            amount_minor: resolution.amount_minor,
        }),
        outcome: posting.decline.map_or_else(
            || from_account_status(posting.status),
            |decline| {
                Outcome::Declined(match decline {
                    account_ledger::Decline::AccountClosed => Decline::AccountClosed,
                    account_ledger::Decline::AccountFrozen => Decline::AccountFrozen,
                    account_ledger::Decline::CurrencyMismatch => Decline::CurrencyMismatch,
                    account_ledger::Decline::LimitExceeded => Decline::LimitExceeded,
                    account_ledger::Decline::InsufficientFunds => Decline::InsufficientFunds,
                    account_ledger::Decline::Cancelled => {
                        Decline::of_given_up(posting.metadata.as_deref())
                    }
                    account_ledger::Decline::AlreadyCaptured => Decline::AlreadyCaptured,
                    account_ledger::Decline::AlreadyVoided => Decline::AlreadyVoided,
                    account_ledger::Decline::HoldExpired => Decline::HoldExpired,
                    account_ledger::Decline::AmountExceedsHold => Decline::AmountExceedsHold,
                    account_ledger::Decline::AlreadyReversed => Decline::AlreadyReversed,
                    account_ledger::Decline::NotReversible => Decline::NotReversible,
                    account_ledger::Decline::BatchDeclined => Decline::BatchDeclined,
                })
            },
        ),
        initiator: posting.initiator,
        source: posting.source.map(party),
        destination: posting.destination.map(party),
        amount_minor: posting.amount_minor,
        currency: posting.currency,
        reference: posting.reference,
        metadata: posting.metadata,
        requested_at_ms: posting.requested_at_ms,
        recorded_at_ms: posting.recorded_at_ms,
    }
}
