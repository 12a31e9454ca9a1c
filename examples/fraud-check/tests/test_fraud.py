"""Goal: each rule denies the payments that it must, and no other; a judgement never changes; and
only staff see the rules.

Method: the rules and routes on a store of SQLite in memory, with the interface of `fraud.store`.
`python3 -m unittest discover tests` in the folder above runs this.
"""

import sqlite3
import unittest
from dataclasses import replace

from fraud import history, routes
from fraud.exchange import Request
from fraud.judge import Payment, judge
from fraud.rules import Rules

ANN = "018f0000-0000-7000-8000-00000000000a"
BOB = "018f0000-0000-7000-8000-00000000000b"
IBAN = "DE44500105175407324931"
CONFIG = [
    ("amount_minor_max_EUR", "100000"),
    ("payments_max", "2"),
    ("window_seconds", "60"),
    ("blocked_accounts", f"{BOB}, {IBAN}"),
]
NOW_MS = 1_800_000_000_000


class MemoryStore:
    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)

    def query(self, statement, *parameters):
        return [list(row) for row in self.connection.execute(statement, parameters)]

    def begin(self):
        self.connection.execute("BEGIN IMMEDIATE")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def execute(self, statement, *parameters):
        return self.connection.execute(statement, parameters).rowcount

    def commit(self):
        self.connection.execute("COMMIT")


class FraudCheck(unittest.TestCase):
    def setUp(self):
        self.store = MemoryStore()
        history.migrate(self.store)
        self.rules = Rules.read(CONFIG)

    def judge(self, payment_id, **changes):
        payment = Payment(payment_id, "f", "transfer", ANN, "c", 100_000, "EUR", NOW_MS)
        return judge(self.store, self.rules, replace(payment, **changes))

    def test_the_largest_amount_is_allowed_and_one_cent_more_is_not(self):
        self.assertIsNone(self.judge("1"))
        self.assertEqual(self.judge("2", amount_minor=100_001), "amount_over_limit")
        unlimited = self.judge("3", amount_minor=100_001, currency="JPY")
        self.assertIsNone(unlimited, "a currency without a limit")
        deposit = self.judge("4", amount_minor=100_001, kind="deposit", source=None)
        self.assertIsNone(deposit, "money that comes in")

    def test_blocked_accounts_neither_pay_nor_are_paid(self):
        self.assertEqual(self.judge("1", source=BOB), "account_blocked")
        self.assertEqual(self.judge("2", destination=IBAN), "account_blocked")
        deposit = self.judge("3", source=None, destination=BOB, kind="deposit")
        self.assertEqual(deposit, "account_blocked")

    def test_too_many_payments_out_of_one_account_wait_for_the_window_to_pass(self):
        self.assertIsNone(self.judge("1"))
        self.assertEqual(self.judge("big", amount_minor=100_001), "amount_over_limit")
        self.assertIsNone(self.judge("2"), "a denied payment does not count")
        self.assertEqual(self.judge("3"), "too_many_payments")
        self.assertIsNone(self.judge("4", source="d"), "another account")
        later = self.judge("5", requested_at_ms=NOW_MS + 60_000)
        self.assertIsNone(later, "the window has passed")
        self.rules = Rules.read([])
        self.assertIsNone(self.judge("6"), "no such rule")

    def test_a_retry_gets_the_same_judgement_and_counts_once(self):
        for _ in range(3):
            self.assertIsNone(self.judge("1"))
        self.assertIsNone(self.judge("2"))
        self.rules = Rules.read([("payments_max", "9")])
        self.assertEqual(len(history.newest(self.store, None, 10)), 2)
        self.rules = Rules.read([("blocked_accounts", ANN)])
        self.assertIsNone(self.judge("1"), "other rules since then")

    def test_another_payment_with_the_same_id_gets_its_own_judgement(self):
        self.assertIsNone(self.judge("1", amount_minor=1))
        large = self.judge("1", fingerprint="g", amount_minor=100_001)
        self.assertEqual(large, "amount_over_limit")
        self.assertIsNone(self.judge("1", fingerprint="h", amount_minor=2))
        self.assertIsNone(self.judge("2"), "the id counts once")
        self.assertEqual(self.judge("3"), "too_many_payments")

    def test_old_judgements_are_forgotten(self):
        self.judge("1")
        history.forget(self.store, NOW_MS + history.KEPT_MS)
        self.assertEqual(len(history.newest(self.store, None, 10)), 1)
        history.forget(self.store, NOW_MS + history.KEPT_MS + 1)
        self.assertEqual(history.newest(self.store, None, 10), [])

    def test_a_wrong_rule_is_refused_and_its_key_named(self):
        for key, value in [
            ("payments_max", "0"),
            ("payments_max", "many"),
            ("window_seconds", "-1"),
            ("amount_minor_max_EUR", "10.00"),
            ("amount_minor_max_eur", "1"),
            ("blocked_accounts", "DE44 5001"),
            ("surprise", "1"),
        ]:
            with self.assertRaisesRegex(ValueError, f"`{key}`", msg=f"{key} = {value}"):
                Rules.read([(key, value)])

    def get(self, path, role="auditor", method="GET"):
        path, _, query = path.partition("?")
        pairs = [tuple(pair.split("=")) for pair in query.split("&") if pair]
        request = Request(method, path, pairs, {"x-strongroom-role": role})
        return routes.answer(self.store, self.rules, request)

    def test_staff_read_rules_and_judgements_page_by_page(self):
        self.assertEqual(self.get("/api/fraud/rules").body["amount_minor_max"], {"EUR": 100_000})
        for number in range(3):
            self.judge(str(number))
        first = self.get("/api/fraud/judgements?limit=2").body
        self.assertEqual([row["payment_id"] for row in first["data"]], ["2", "1"])
        self.assertEqual(first["data"][0]["rule"], "too_many_payments")
        last = self.get(f"/api/fraud/judgements?limit=2&cursor={first['next_cursor']}").body
        self.assertEqual([row["payment_id"] for row in last["data"]], ["0"])
        self.assertEqual((last["has_more"], last["next_cursor"]), (False, None))

    def test_everything_else_is_a_problem_document(self):
        for expected, path, role, method in [
            ((403, "forbidden"), "/api/fraud/rules", "customer", "GET"),
            ((403, "forbidden"), "/api/fraud/rules", None, "GET"),
            ((404, "not_found"), "/api/fraud", "admin", "GET"),
            ((405, "method_not_allowed"), "/api/fraud/rules", "admin", "POST"),
            ((422, "validation_failed"), "/api/fraud/rules?x=1", "admin", "GET"),
            ((422, "validation_failed"), "/api/fraud/judgements?limit=0", "admin", "GET"),
            ((422, "validation_failed"), "/api/fraud/judgements?limit=1&limit=2", "admin", "GET"),
            ((422, "validation_failed"), f"/api/fraud/judgements?cursor={10**19}", "admin", "GET"),
        ]:
            response = self.get(path, role, method)
            self.assertEqual((response.status, response.body["code"]), expected, path)
            self.assertEqual(response.headers["content-type"], "application/problem+json")


if __name__ == "__main__":
    unittest.main()
