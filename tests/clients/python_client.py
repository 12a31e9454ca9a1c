"""The client of Python: what it does when answers are lost, tokens end, and webhooks arrive.

``python_client.py URL ADMIN_PASSWORD PORT``; a webhook may be sent to that port of 127.0.0.1.
"""

import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
from strongroom import Login, LoginRefused, WebhookVerificationError, connect, verify_webhook

url, password, port = sys.argv[1:]
ADMIN = Login("admin@strongroom.local", password)
DEPOSIT = "/api/transactions/deposit"


class Watched(httpx.BaseTransport):
    """Keeps the requests; ``answer`` makes of each what it wants."""

    def __init__(self, answer):
        self.answer = answer
        self.sent = []
        self.inner = httpx.HTTPTransport()

    def handle_request(self, request):
        path = request.url.path
        earlier = len(self.of(path))
        self.sent.append((path, request.headers.get("idempotency-key"), time.monotonic()))
        return self.answer(request, path, earlier) or self.inner.handle_request(request)

    def of(self, path):
        return [sent for sent in self.sent if sent[0] == path]


def watched(answer=lambda *_: None):
    transport = Watched(answer)
    return connect(url, ADMIN, transport).get_httpx_client(), transport


def retries_what_got_no_answer_under_the_same_key():
    def answer(request, path, earlier):
        if path == DEPOSIT and earlier == 0:
            assert transport.inner.handle_request(request).status_code == 201
            raise httpx.ReadError("the answer is lost")

    bank, transport = watched(answer)
    assert deposit(bank).headers["idempotency-replayed"] == "true"
    (_, first, _), (_, second, _) = transport.of(DEPOSIT)
    assert first is not None and first == second


def waits_as_long_as_the_bank_asks():
    def refusal(status, seconds, times):
        def answer(_, path, earlier):
            if path == "/api/auth/me" and earlier < times:
                return httpx.Response(status, headers={"retry-after": seconds})

        return answer

    for status in (429, 503):
        bank, transport = watched(refusal(status, "1", 1))
        assert bank.get("/api/auth/me").status_code == 200
        (_, _, first), (_, _, second) = transport.of("/api/auth/me")
        assert second - first >= 1, second - first
    bank, _ = watched(refusal(429, "3600", 9))
    assert bank.get("/api/auth/me").status_code == 429


def renews_a_token_once_before_it_expires():
    def answer(request, path, _):
        if path == "/api/auth/login":
            response = transport.inner.handle_request(request)
            response.read()
            return httpx.Response(200, json={**response.json(), "expires_in": 1})

    bank, transport = watched(answer)
    bank.get("/api/auth/me")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: bank.get("/api/auth/me"), range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len(transport.of("/api/auth/login")) == 1
    assert len(transport.of("/api/token/refresh")) == 1


def verifies_webhooks():
    received = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((body, dict(self.headers)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", int(port)), Receiver)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    bank, _ = watched()
    body = {"url": f"http://127.0.0.1:{port}/", "events": ["deposit.posted"]}
    secret = bank.post("/api/webhooks", json=body).raise_for_status().json()["secret"]
    paid = deposit(bank).json()
    thread.join(60)
    server.server_close()
    body, headers = received[0]
    assert verify_webhook(secret, body, headers)["data"]["id"] == paid["id"]
    try:
        verify_webhook(secret, body + b" ", headers)
    except WebhookVerificationError:
        return
    raise AssertionError("another body has the same signature")


def refuses_a_wrong_password():
    try:
        bank = connect(url, Login(ADMIN.email, "not the password")).get_httpx_client()
        bank.get("/api/auth/me")
    except LoginRefused as error:
        assert error.problem["code"] == "invalid_credentials"
        return
    raise AssertionError("a wrong password is taken")


def deposit(bank):
    """Pays 1.00 EUR into the account of a new customer."""
    login = Login(f"{uuid.uuid4()}@example.com", "seven green umbrellas")
    body = {"email": login.email, "password": login.password}
    bank.post("/api/auth/register", json=body).raise_for_status()
    customer = connect(url, login).get_httpx_client()
    checking = {"type": "checking", "currency": "EUR"}
    account = customer.post("/api/accounts", json=checking).raise_for_status().json()["id"]
    cash = {"account_id": account, "amount": "1.00", "currency": "EUR"}
    return bank.post(DEPOSIT, json=cash).raise_for_status()


retries_what_got_no_answer_under_the_same_key()
waits_as_long_as_the_bank_asks()
renews_a_token_once_before_it_expires()
verifies_webhooks()
refuses_a_wrong_password()
