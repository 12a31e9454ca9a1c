"""A client of a Strongroom bank.

The calls of its OpenAPI document are in the generated package ``strongroom_api``. This module gives
them a client whose credentials are renewed and whose requests are retried.
"""

import random
import threading
import time
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError
from strongroom_api import Client

__all__ = [
    "ApiKey",
    "Login",
    "LoginRefused",
    "WebhookVerificationError",
    "connect",
    "verify_webhook",
]

ATTEMPTS_MAX = 5
"""A request is sent at most so often."""
FIRST_PAUSE = 0.25
"""The seconds before the second attempt; each later pause is twice as long."""
PAUSE_MAX = 30.0
"""Where the bank asks for a longer pause, its answer is returned instead."""
RETRIED = {429, 502, 503, 504}
"""429, and what does not say whether the request was done: by its key it is done once."""
MARGIN = 30.0
"""A token is renewed so many seconds before it expires."""


@dataclass(frozen=True)
class ApiKey:
    """An API key, which may act for one customer."""

    key: str
    on_behalf_of: str | None = None


@dataclass(frozen=True)
class Login:
    """A user's login."""

    email: str
    password: str


class LoginRefused(Exception):
    """The bank refuses the login: ``problem`` says why."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem.get('code')}: {problem.get('detail')}")
        self.problem = problem


def connect(
    url: str,
    credentials: ApiKey | Login | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Client:
    """A client for the calls of ``strongroom_api``: ``accounts_open.sync(client=.., body=..)``.

    A POST without an ``idempotency-key`` gets one. A call returns a ``Problem`` where the bank
    refuses it. It raises where no answer comes, and ``LoginRefused`` where the login fails.
    """
    auth: httpx.Auth | None = None
    if isinstance(credentials, ApiKey):
        auth = _KeyAuth(credentials)
    elif credentials is not None:
        auth = _SessionAuth(credentials, httpx.URL(url))
    retries = _Retries(transport or httpx.HTTPTransport())
    http = httpx.Client(base_url=url, auth=auth, transport=retries, timeout=30.0)
    return Client(base_url=url).set_httpx_client(http)


def verify_webhook(secret: str, body: bytes | str, headers: Mapping[str, str]) -> Any:
    """The event in a delivery of a webhook, by the ``secret`` that its creation returned.

    ``body`` is the body as it came: JSON that was parsed and written again has another signature.
    Raises ``WebhookVerificationError`` where the signature is wrong, or older than five minutes.
    """
    return Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})


class _Retries(httpx.BaseTransport):
    """Retries each request that fails for now. Those that are no POST may be repeated as they are."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            request.headers.setdefault("idempotency-key", str(uuid.uuid4()))
        for attempt in range(1, ATTEMPTS_MAX):
            pause: float | None = FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1)
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError:
                pass
            else:
                pause = _pause_before_retry(response, pause)
                if pause is None:
                    return response
                response.close()
            time.sleep(pause)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _pause_before_retry(response: httpx.Response, growing: float) -> float | None:
    """How many seconds to wait before the next attempt; none if the response stands."""
    if response.status_code not in RETRIED:
        return None
    try:
        pause = float(response.headers["retry-after"])
    except (KeyError, ValueError):
        pause = growing
    return pause if pause <= PAUSE_MAX else None


class _KeyAuth(httpx.Auth):
    def __init__(self, credentials: ApiKey) -> None:
        self._credentials = credentials

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["authorization"] = f"Bearer {self._credentials.key}"
        if self._credentials.on_behalf_of is not None:
            request.headers["x-on-behalf-of"] = self._credentials.on_behalf_of
        yield request


class _SessionAuth(httpx.Auth):
    """Tokens that are renewed before they expire, or when they are refused."""

    def __init__(self, login: Login, url: httpx.URL) -> None:
        self._login = {"email": login.email, "password": login.password}
        self._url = url
        # Threads that need a new token at the same time wait for the same one.
        self._lock = threading.Lock()
        self._token: str | None = None
        self._stale_at = 0.0
        self._refresh_token: str | None = None

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        refused = None
        for _ in range(2):
            with self._lock:
                if self._token == refused or time.monotonic() >= self._stale_at:
                    yield from self._renew()
                token = self._token
            request.headers["authorization"] = f"Bearer {token}"
            response = yield request
            if response.status_code != 401:
                return
            refused = token

    def _renew(self) -> Generator[httpx.Request, httpx.Response, None]:
        """Refreshes the tokens, or logs in where there are none, or the session has ended."""
        response = None
        if self._refresh_token is not None:
            response = yield self._post("/api/token/refresh", refresh_token=self._refresh_token)
        if response is None or response.status_code == 400:
            response = yield self._post("/api/auth/login", **self._login)
        response.read()
        answer = response.json()
        if not response.is_success:
            raise LoginRefused(answer)
        self._token = answer["access_token"]
        self._stale_at = time.monotonic() + answer["expires_in"] - MARGIN
        self._refresh_token = answer["refresh_token"]
        if "device_token" in answer:
            self._login["device_token"] = answer["device_token"]

    def _post(self, path: str, **body: str) -> httpx.Request:
        return httpx.Request("POST", self._url.join(path), json=body)
