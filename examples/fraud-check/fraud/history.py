"""The table of judgements: a payment keeps its judgement, and payments can be counted."""

from dataclasses import dataclass

#: Longer than any client retries a payment.
KEPT_MS = 90 * 24 * 3_600 * 1_000
#: The most rows that a tick deletes, so that it is short.
FORGET_ROWS_MAX = 256

CREATE = """CREATE TABLE IF NOT EXISTS judgement (
    sequence        INTEGER PRIMARY KEY,
    payment_id      TEXT    NOT NULL UNIQUE,
    fingerprint     TEXT    NOT NULL,
    kind            TEXT    NOT NULL CHECK (kind IN ('deposit', 'withdrawal', 'transfer')),
    source          TEXT,
    destination     TEXT,
    amount_minor    INTEGER NOT NULL CHECK (amount_minor > 0),
    currency        TEXT    NOT NULL,
    requested_at_ms INTEGER NOT NULL,
    rule            TEXT
) STRICT"""
CREATE_INDEX = """CREATE INDEX IF NOT EXISTS judgement_source
    ON judgement (source, requested_at_ms) WHERE rule IS NULL"""
COLUMNS = """payment_id, fingerprint, kind, source, destination, amount_minor, currency,
    requested_at_ms, rule"""


@dataclass(frozen=True)
class Judgement:
    """A row of the table."""

    sequence: int
    payment_id: str
    fingerprint: str
    kind: str
    source: str | None
    destination: str | None
    amount_minor: int
    currency: str
    requested_at_ms: int
    rule: str | None


def migrate(store) -> None:
    with store.begin() as transaction:
        transaction.execute(CREATE)
        transaction.execute(CREATE_INDEX)
        transaction.commit()


def find(transaction, payment_id: str) -> Judgement | None:
    select = f"SELECT sequence, {COLUMNS} FROM judgement WHERE payment_id = ?1"
    rows = transaction.query(select, payment_id)
    return Judgement(*rows[0]) if rows else None


def keep(transaction, payment, rule: str | None) -> None:
    """Keeps a judgement, and replaces one of this id: its payment can no longer be made."""
    transaction.execute(
        f"INSERT OR REPLACE INTO judgement ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        payment.id,
        payment.fingerprint,
        payment.kind,
        payment.source,
        payment.destination,
        payment.amount_minor,
        payment.currency,
        payment.requested_at_ms,
        rule,
    )


def count_others(transaction, payment, since_ms: int, at_most: int) -> int:
    """Counts other allowed payments out of the same account since then, up to `at_most`."""
    rows = transaction.query(
        "SELECT count(*) FROM (SELECT 1 FROM judgement WHERE source = ?1 AND requested_at_ms > ?2 "
        "AND rule IS NULL AND payment_id <> ?3 LIMIT ?4)",
        payment.source,
        since_ms,
        payment.id,
        at_most,
    )
    return rows[0][0]


def newest(store, before: int | None, limit: int) -> list[Judgement]:
    """The judgements below the sequence `before`, newest first."""
    rows = store.query(
        f"SELECT sequence, {COLUMNS} FROM judgement WHERE sequence < ?1 "
        "ORDER BY sequence DESC LIMIT ?2",
        2**63 - 1 if before is None else before,
        limit,
    )
    return [Judgement(*row) for row in rows]


def forget(store, now_ms: int) -> None:
    """Deletes the oldest judgements when they are older than `KEPT_MS`."""
    oldest = "SELECT sequence, requested_at_ms FROM judgement ORDER BY sequence LIMIT ?2"
    stale = f"SELECT sequence FROM ({oldest}) WHERE requested_at_ms < ?1"
    limits = now_ms - KEPT_MS, FORGET_ROWS_MAX
    # A read first: most ticks find nothing, and need no write transaction.
    if store.query(f"{stale} LIMIT 1", *limits):
        with store.begin() as transaction:
            transaction.execute(f"DELETE FROM judgement WHERE sequence IN ({stale})", *limits)
            transaction.commit()
