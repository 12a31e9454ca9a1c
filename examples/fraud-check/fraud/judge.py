"""The judgement of one payment."""

from dataclasses import dataclass

from . import history
from .rules import Rules


@dataclass(frozen=True)
class Payment:
    """What is about to happen; see `wit/screening`."""

    id: str
    fingerprint: str
    kind: str
    source: str | None
    destination: str | None
    amount_minor: int
    currency: str
    requested_at_ms: int


def judge(store, rules: Rules, payment: Payment) -> str | None:
    """The rule that denies a payment, or None. Judged again, a payment gets the same judgement, and counts once.

    Another payment under the same id is judged anew: a client may use an id again that has led to nothing, and must not get a large
    payment through with the judgement of a small one.
    """
    with store.begin() as transaction:
        known = history.find(transaction, payment.id)
        if known and known.fingerprint == payment.fingerprint:
            rule = known.rule
        else:
            rule = broken_rule(transaction, rules, payment)
            history.keep(transaction, payment, rule)
        # Also where nothing was written: what was read may be of an earlier turn of the group, and not on disk yet.
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
    if history.count_others(transaction, payment, since_ms, rules.payments_max) >= rules.payments_max:
        return "too_many_payments"
    return None
