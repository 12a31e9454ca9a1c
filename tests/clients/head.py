"""Asks for each path by GET and by HEAD, 20 times each, at once, on one connection of HTTP/2.

usage: head.py URL TOKEN PATH..

Prints which answers differ, or fail, and exits with 1 then.
"""

import asyncio
import sys

import httpx

URL, TOKEN, *PATHS = sys.argv[1:]
TIMES = 20


async def ask(client, method, path):
    try:
        answer = await client.request(method, path)
    except httpx.HTTPError as error:
        return repr(error)
    if method == "HEAD" and answer.content:
        return f"a body of {len(answer.content)} bytes"
    return answer.status_code, answer.headers.get("content-type")


async def main():
    failures = []
    credentials = {"authorization": f"Bearer {TOKEN}"}
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(
        base_url=URL, http1=False, http2=True, headers=credentials, limits=limits, timeout=30
    ) as client:
        for path in PATHS:
            methods = ["GET", "HEAD"] * TIMES
            answers = await asyncio.gather(*(ask(client, method, path) for method in methods))
            if len(set(answers)) != 1 or not isinstance(answers[0], tuple):
                failures.append(f"{path}: {set(answers)}")
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


asyncio.run(main())
