"""Refreshes, reads, and revokes tokens by Authlib and by Requests-OAuthlib (oauthlib).

oauth.py BANK ADMIN_TOKEN: the bank's address as a URL, and an access token that may introspect.
"""

import os
import sys
import uuid

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import InvalidGrantError
from requests_oauthlib import OAuth2Session as RequestsOAuthlib

BANK, ADMIN_TOKEN = sys.argv[1:]
REFRESH, REVOKE, INTROSPECT, ME = (
    f"{BANK}/api/{path}"
    for path in ("token/refresh", "token/revoke", "token/introspect", "auth/me")
)

FORM = {"content-type": "application/x-www-form-urlencoded"}


def log_in():
    credentials = {
        "email": f"{uuid.uuid4()}@example.org",
        "password": "nine llamas paint the quay",
    }
    requests.post(f"{BANK}/api/auth/register", json=credentials).raise_for_status()
    answer = requests.post(f"{BANK}/api/auth/login", json=credentials)
    answer.raise_for_status()
    return answer.json()["auth"]


def error_of(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except OAuthError as error:
        return error.error
    except InvalidGrantError as error:
        return error.error
    raise AssertionError("the call was no error")


def authlib_refreshes_and_revokes():
    first = log_in()
    client = Authlib("app", token=dict(first), scope="accounts")
    second = client.refresh_token(REFRESH)
    third = client.refresh_token(REFRESH)
    repeated = client.refresh_token(REFRESH, refresh_token=first["refresh_token"])
    assert repeated["refresh_token"] == third["refresh_token"] != second["refresh_token"]
    assert client.get(ME).status_code == 200

    bearer = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    for hint in ("refresh_token", "access_token"):
        told = client.introspect_token(INTROSPECT, third[hint], hint, headers=bearer)
        assert told.status_code == 200 and told.json()["active"], told.text

    revoked = client.revoke_token(REVOKE, third["refresh_token"], "refresh_token")
    assert revoked.status_code == 200, revoked.text
    told = client.introspect_token(INTROSPECT, third["refresh_token"], headers=bearer)
    assert told.json() == {"active": False}, told.text
    assert client.get(ME).status_code == 401
    assert error_of(client.refresh_token, REFRESH) == "invalid_grant"


def authlib_renews_by_itself_what_has_expired():
    token = log_in() | {"expires_at": 1}
    client = Authlib("app", token=token, token_endpoint=REFRESH)
    assert client.get(ME).status_code == 200
    assert client.token["refresh_token"] != token["refresh_token"]


def authlib_reads_what_is_wrong_with_a_form():
    client = Authlib("app")
    for form, error in [
        ("grant_type=refresh_token", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=", "invalid_request"),
        ("grant_type=refresh_token&refresh_token=a&refresh_token=b", "invalid_request"),
        ("grant_type=password&refresh_token=a", "unsupported_grant_type"),
        ("grant_type=refresh_token&refresh_token=a", "invalid_grant"),
    ]:
        answer = requests.post(REFRESH, data=form, headers=FORM)
        assert answer.status_code == 400, (form, answer.text)
        assert error_of(client.parse_response_token, answer) == error, (form, answer.text)
    answer = requests.post(REVOKE, data="token_type_hint=access_token", headers=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), answer.text


def oauthlib_refreshes_and_revokes():
    renewed = []
    client = RequestsOAuthlib(
        "app",
        token=log_in() | {"expires_in": -1},
        auto_refresh_url=REFRESH,
        auto_refresh_kwargs={"client_id": "app"},
        token_updater=renewed.append,
    )
    assert client.get(ME).status_code == 200
    [token] = renewed
    client.token = token
    token = client.refresh_token(REFRESH)
    assert client.get(ME).status_code == 200

    url, headers, body = client._client.prepare_token_revocation_request(
        REVOKE.replace("http:", "https:"), token["access_token"]
    )
    answer = requests.post(url.replace("https:", "http:"), data=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert error_of(client.refresh_token, REFRESH) == "invalid_grant"


for test in (
    authlib_refreshes_and_revokes,
    authlib_renews_by_itself_what_has_expired,
    authlib_reads_what_is_wrong_with_a_form,
    oauthlib_refreshes_and_revokes,
):
    test()
    print(f"{test.__name__}: well")
