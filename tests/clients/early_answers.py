"""Answers that come before the body of their request has, to clients of Python.

usage: early_answers.py URL

The bank refuses a request by its head alone, while the client still sends the body, or waits to
send it. The client must see the refusal, and the next request of the same client must succeed,
over a connection that lives on or over a new one. Prints what fails, and exits with 1 then.
"""

import asyncio
import http.client
import sys
import time
from urllib.parse import urlsplit

import aiohttp
import httpx

# (path, headers, status with a small body, status with a large one)
REFUSALS = [
    ("/api/accounts", {}, 401, 401),
    ("/api/accounts", {"authorization": "Bearer nonsense"}, 401, 401),
    ("/api/nowhere", {}, 404, 404),
    ("/api/auth/login/", {}, 404, 404),
    ("/.well-known/jwks.json", {}, 405, 405),
    ("/api/auth/login", {"content-encoding": "gzip"}, 415, 413),
]
# (bytes, seconds between the head and the body)
BODIES = [(10, 0), (10, 0.1), (10, 1), (60_000, 0), (3 << 20, 0), (8 << 20, 0), (8 << 20, 0.1)]
SMALL_BYTES_MAX = 60_000
NEXT = "/.well-known/jwks.json"

failures = []


def cases():
    for path, headers, if_small, if_large in REFUSALS:
        for size, pause in BODIES:
            status = if_small if size <= SMALL_BYTES_MAX else if_large
            yield status, path, headers, size, pause


def judge(what, expected, got, following):
    if got != expected or following != 200:
        failures.append(f"{what}: {got}, then {following}; not {expected}")


def by_http_client(host, port):
    """One connection object, which opens another only where the answer says that it closes."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    for status, path, headers, size, pause in cases():
        what = f"http.client: {path} {headers} with {size} bytes after {pause} s"
        try:
            connection.putrequest("POST", path)
            for name, value in {**headers, "content-length": size}.items():
                connection.putheader(name, value)
            connection.endheaders()
            time.sleep(pause)
            connection.send(b"x" * size)
            answer = connection.getresponse()
            answer.read()
            connection.request("GET", NEXT)
            following = connection.getresponse()
            following.read()
            judge(what, status, answer.status, following.status)
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"{what}: {error!r}")
            connection.close()


def by_httpx(url, is_http2):
    """A pool of connections, of HTTP/1.1 or HTTP/2 from the first byte."""
    name = "httpx over HTTP/2" if is_http2 else "httpx"
    with httpx.Client(base_url=url, http1=not is_http2, http2=is_http2, timeout=10) as client:
        for status, path, headers, size, pause in cases():
            what = f"{name}: {path} {headers} with {size} bytes after {pause} s"

            def late(size=size, pause=pause):
                time.sleep(pause)
                for _ in range(0, size, 1 << 16):
                    yield b"x" * min(size, 1 << 16)

            try:
                content = late() if pause else b"x" * size
                answer = client.post(path, headers=headers, content=content)
                following = client.get(NEXT)
                judge(what, status, answer.status_code, following.status_code)
            except httpx.HTTPError as error:
                failures.append(f"{what}: {error!r}")


async def by_aiohttp(url):
    """A pool of connections, and bodies that are sent while the answer is read."""
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(url, timeout=timeout) as client:
        for is_withheld in (False, True):
            for status, path, headers, size, pause in cases():
                manner = "withheld" if is_withheld else f"after {pause} s"
                what = f"aiohttp: {path} {headers} with {size} bytes {manner}"

                async def late(size=size, pause=pause):
                    await asyncio.sleep(pause)
                    for _ in range(0, size, 1 << 16):
                        yield b"x" * min(size, 1 << 16)

                data = late() if pause else b"x" * size
                try:
                    refused = client.post(
                        path, headers=headers, data=data, expect100=is_withheld
                    )
                    async with refused as answer:
                        await answer.read()
                    async with client.get(NEXT) as following:
                        await following.read()
                    judge(what, status, answer.status, following.status)
                except (aiohttp.ClientError, TimeoutError) as error:
                    failures.append(f"{what}: {error!r}")


def main():
    url = sys.argv[1]
    parts = urlsplit(url)
    by_http_client(parts.hostname, parts.port)
    by_httpx(url, is_http2=False)
    by_httpx(url, is_http2=True)
    asyncio.run(by_aiohttp(url))
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


main()
