"""The judgement of one payment."""

from dataclasses import dataclass

from . import history
from .rules import Rules


@dataclass(frozen=True)
class Payment:
    """A payment before the ledger posts it; see `wit/screening`."""

    id: str
    fingerprint: str
    kind: str
    source: str | None
    destination: str | None
    amount_minor: int
    currency: str
    requested_at_ms: int


def judge(store, rules: Rules, payment: Payment) -> str | None:
    """Returns the rule that denies a payment, or None.

    A retry of a payment gets the same judgement, and counts once. Another payment with the same id
    gets its own: a client may use an id again that no payment has used up, and must not pass a
    large payment with the judgement of a small one.
    """
    with store.begin() as transaction:
        known = history.find(transaction, payment.id)
        if known and known.fingerprint == payment.fingerprint:
            rule = known.rule
        else:
            rule = broken_rule(transaction, rules, payment)
            history.keep(transaction, payment, rule)
        # Also without a change: an earlier transaction of the group may have written the row that
        # was read, which may not be on disk yet.
        transaction.commit()
    return rule


def broken_rule(transaction, rules: Rules, payment: Payment) -> str | None:
    if rules.blocked_accounts & {payment.source, payment.destination}:
        return "account_blocked"
    if payment.source is None:
        return None
    if payment.amount_minor > rules.amount_minor_max.get(payment.currency, payment.amount_minor):
        return "amount_over_limit"
    if rules.payments_max is None:
        return None
    since_ms = payment.requested_at_ms - rules.window_seconds * 1_000
    count = history.count_others(transaction, payment, since_ms, rules.payments_max)
    if count >= rules.payments_max:
        return "too_many_payments"
    return None
