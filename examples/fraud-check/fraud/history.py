"""The table of judgements: so that a judgement is never another the second time, and payments can be counted."""

from dataclasses import dataclass

#: Longer than any client retries a payment.
KEPT_MS = 90 * 24 * 3_600 * 1_000
#: So that a tick is short.
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
CREATE_INDEX = "CREATE INDEX IF NOT EXISTS judgement_source ON judgement (source, requested_at_ms) WHERE rule IS NULL"
COLUMNS = "sequence, payment_id, fingerprint, kind, source, destination, amount_minor, currency, requested_at_ms, rule"


@dataclass(frozen=True)
class Judgement:
    """A row."""

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
    rows = transaction.query(f"SELECT {COLUMNS} FROM judgement WHERE payment_id = ?1", payment_id)
    return Judgement(*rows[0]) if rows else None


def keep(transaction, payment, rule: str | None) -> None:
    """Keeps a judgement in the place of any other on this id, whose payment can no longer be made."""
    transaction.execute(
        "INSERT OR REPLACE INTO judgement "
        "(payment_id, fingerprint, kind, source, destination, amount_minor, currency, requested_at_ms, rule) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
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
    """How many other payments out of the same account were allowed since then; counts no further than `at_most`."""
    rows = transaction.query(
        "SELECT count(*) FROM (SELECT 1 FROM judgement "
        "WHERE source = ?1 AND requested_at_ms > ?2 AND rule IS NULL AND payment_id <> ?3 LIMIT ?4)",
        payment.source,
        since_ms,
        payment.id,
        at_most,
    )
    return rows[0][0]


def newest(store, before: int | None, limit: int) -> list[Judgement]:
    """The judgements below the sequence `before`, newest first."""
    rows = store.query(
        f"SELECT {COLUMNS} FROM judgement WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2",
        2**63 - 1 if before is None else before,
        limit,
    )
    return [Judgement(*row) for row in rows]


def forget(store, now_ms: int) -> None:
    """Deletes the oldest judgements once they are past their time."""
    stale = "SELECT sequence FROM (SELECT sequence, requested_at_ms FROM judgement ORDER BY sequence LIMIT ?2) WHERE requested_at_ms < ?1"
    # Reading first: most ticks find nothing, and then do not take the writer's turn.
    if store.query(f"{stale} LIMIT 1", now_ms - KEPT_MS, FORGET_ROWS_MAX):
        with store.begin() as transaction:
            transaction.execute(f"DELETE FROM judgement WHERE sequence IN ({stale})", now_ms - KEPT_MS, FORGET_ROWS_MAX)
            transaction.commit()
