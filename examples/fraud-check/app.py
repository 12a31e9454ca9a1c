"""The component: the classes that componentize-py looks for, with the host's calls."""

import sys
import time
import traceback
from functools import cache

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import screen
from wit_world.imports import store as config

from fraud import history, routes, wasi_http
from fraud.judge import Payment, judge
from fraud.rules import Rules
from fraud.store import HostStore

STORE = HostStore()


@cache
def rules() -> Rules:
    """The rules of this instance. They never change: a new configuration is a new generation."""
    return Rules.read(config.get_all())


class Screen(exports.Screen):
    def check(self, payment: screen.Payment) -> screen.Verdict:
        match payment.destination:
            case screen.AccountRef_Id(account) | screen.AccountRef_Number(account):
                destination = account
            case None:
                destination = None
        asked = Payment(
            id=payment.id,
            fingerprint=payment.fingerprint,
            kind=payment.kind.name.lower(),
            source=payment.source,
            destination=destination,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            requested_at_ms=payment.requested_at_ms,
        )
        try:
            rule = judge(STORE, rules(), asked)
        except Exception as error:
            # Without a verdict the caller posts nothing.
            traceback.print_exc(file=sys.stderr)
            raise Err(screen.Error_Unavailable(type(error).__name__))
        return screen.Verdict_Denied(rule) if rule else screen.Verdict_Allowed()


class Lifecycle(exports.Lifecycle):
    def start(self) -> list[str]:
        """Refuses wrong rules, and makes the table; a generation that cannot judge never serves."""
        try:
            rules()
            history.migrate(STORE)
        except Exception as error:
            raise Err(str(error))
        return []

    def tick(self) -> None:
        try:
            history.forget(STORE, time.time_ns() // 1_000_000)
        except Exception as error:
            raise Err(repr(error))


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request, response_out) -> None:
        wasi_http.write(routes.answer(STORE, rules(), wasi_http.read(request)), response_out)
