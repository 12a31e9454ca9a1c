"""Requests whose framing two readers could read differently, over raw sockets.

usage: framing.py HOST PORT [--source ADDRESS] [--seed NUMBER] [--count NUMBER]

Each request hides a second one, for a path with a mark, where a reader that is wrong or lenient
would look for it. One connection may bring at most one answer that is no refusal, none for the
mark, and no 5xx. What is written into the access log is the caller's to look at: no path there may
have the mark.

The lists come first; seeded mutations of single bytes fill up to the count. The server must answer
`/api/hello` with 200 and `hello`, by any method.
"""

import argparse
import random
import re
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

from connection import connect

MARK = "smuggled"
HIDDEN = f"GET /api/hello/{MARK}-%d HTTP/1.1\r\nhost: bank\r\nx-mark: {MARK}\r\nconnection: close\r\n\r\n"
END = "0\r\n\r\n"
# A server that neither answers nor hangs up for so long waits for more.
SILENCE_SECONDS = 1.5
AT_ONCE = 16

# Spellings of `transfer-encoding` that are not it, or hardly. Each goes beside a length that covers
# the hidden request.
CODINGS = [
    "Transfer-Encoding: chunked",
    "transfer-encoding: CHUNKED",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding\t: chunked",
    " Transfer-Encoding: chunked",
    "\tTransfer-Encoding: chunked",
    "Transfer-Encoding:chunked",
    "Transfer-Encoding:\tchunked",
    "Transfer-Encoding: \tchunked\t",
    "Transfer-Encoding:\x0bchunked",
    "Transfer-Encoding: \x0bchunked",
    "Transfer-Encoding: chunked\x0b",
    "Transfer-Encoding: \x0cchunked",
    "Transfer-Encoding:\xa0chunked",
    "Transfer-Encoding: chunked\xa0",
    "Transfer-Encoding: \x00chunked",
    "Transfer-Encoding: chunked\x00",
    "Transfer-Encoding: \x7fchunked",
    "Transfer-Encoding:\n chunked",
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding: \r\n\tchunked",
    "Transfer-Encoding\r\n: chunked",
    "Transfer-Encoding\n: chunked",
    "X: y\nTransfer-Encoding: chunked",
    "X: y\rTransfer-Encoding: chunked",
    "X: y\r\n\rTransfer-Encoding: chunked",
    "X: y\x00\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: identity, chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: chunked;q=1",
    "Transfer-Encoding: chunked; x=y",
    "Transfer-Encoding: ,chunked",
    "Transfer-Encoding: chunked,",
    "Transfer-Encoding: , chunked ,",
    'Transfer-Encoding: "chunked"',
    "Transfer-Encoding: 'chunked'",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunkedx",
    "Transfer-Encoding: chunk",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: cow",
    "Transfer-Encoding: ",
    "Transfer-Encoding:",
    "Transfer-Encoding",
    "Transfer_Encoding: chunked",
    "Transfer Encoding: chunked",
    "Transfer-Encodinġ: chunked",
    "Transfer-Enc\u00f6ding: chunked",
    "X-Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
    "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "TE: chunked\r\nTransfer-Encoding: chunked",
    "Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
    "Content-Encoding: chunked",
    "Foo: bar\r\n\tTransfer-Encoding: chunked",
]

# Lengths that are none, or two. `N` ends the body before the hidden request, `L` after it.
LENGTHS = [
    "Content-Length: +N",
    "Content-Length: -N",
    "Content-Length: 0xN",
    "Content-Length: Nh",
    "Content-Length: N.0",
    "Content-Length: Ne0",
    "Content-Length: N,N",
    "Content-Length: N, N",
    "Content-Length: N N",
    "Content-Length: N;L",
    "Content-Length: N,L",
    "Content-Length: L, N",
    "Content-Length: N\r\nContent-Length: L",
    "Content-Length: L\r\nContent-Length: N",
    "Content-Length: N\r\ncontent-length: L",
    "Content-Length: N\r\nContent-Length: +L",
    "Content-Length: \x0bN",
    "Content-Length: N\x0b",
    "Content-Length: \x00N",
    "Content-Length: N\x00",
    "Content-Length: N\xa0",
    "Content-Length : N",
    "Content-Length\t: N",
    " Content-Length: N",
    "Content-Length:\r\n N",
    "Content-Length: \r\n\tN",
    "Content-Length: 18446744073709551616",
    "Content-Length: 99999999999999999999999999999999",
    "Content-Length: -18446744073709551611",
    "Content-Length: N_0",
    'Content-Length: "N"',
    "Content-Length: \u0665",
    "Content-Length: ",
    "Content-Length: NaN",
    "X: y\rContent-Length: N",
    "Content-Length: N\rX: y",
]

# Lengths that go beside a proper `transfer-encoding: chunked`, which counts then, if the server
# does not refuse both.
LENGTHS_BESIDE = [
    "0",
    "N",
    "L",
    "1",
    "007",
    "+N",
    "N, N",
    "-1",
    "0x5",
    "",
    "N\r\nContent-Length: L",
    "99999999999999999999",
]
PLACES = [
    "%(length)s\r\n%(coding)s\r\n",
    "%(coding)s\r\n%(length)s\r\n",
    "%(length)s\r\nX: y\r\n%(coding)s\r\n",
]

# Bodies that are chunked wrongly: each ends for a lenient reader before the hidden request `H`, and
# is broken for a strict one.
CHUNKS = [
    "5\r\nhello0\r\n\r\nH",
    "5\r\nhello\n0\r\n\r\nH",
    "5\r\nhello\r0\r\n\r\nH",
    "5\r\nhelloX\r\n0\r\n\r\nH",
    "4\r\nhello\r\n0\r\n\r\nH",
    "+5\r\nhello\r\n0\r\n\r\nH",
    "-0\r\n\r\nH",
    "0x5\r\nhello\r\n0\r\n\r\nH",
    "0x0\r\n\r\nH",
    "5 5\r\nhello\r\n0\r\n\r\nH",
    "5,5\r\nhello\r\n0\r\n\r\nH",
    "5_\r\nhello\r\n0\r\n\r\nH",
    "g\r\nhello\r\n0\r\n\r\nH",
    "\r\n0\r\n\r\nH",
    " 0\r\n\r\nH",
    "\t0\r\n\r\nH",
    "\x0b0\r\n\r\nH",
    "\x000\r\n\r\nH",
    "0\x00\r\n\r\nH",
    "0\x0b\r\n\r\nH",
    "0\xa0\r\n\r\nH",
    "0\r\r\n\r\nH",
    "0\rX\r\n\r\nH",
    "5\rX\nhello\r\n0\r\n\r\nH",
    "10000000000000000\r\nhello\r\n0\r\n\r\nH",
    "fffffffffffffffff\r\nhello\r\n0\r\n\r\nH",
    "10000000000000005\r\nhello\r\n0\r\n\r\nH",
    "ffffffff\r\nhello\r\n0\r\n\r\nH",
    "-fffffffffffffffb\r\nhello\r\n0\r\n\r\nH",
    "0\r\nX : y\r\n\r\nH",
    "0\r\n X: y\r\n\r\nH",
    "0\r\nX\x00: y\r\n\r\nH",
    "0\r\nno field\r\n\r\nH",
    "0;" + "x" * 20_000 + "\r\n\r\nH",
    "0\r\n" + "x: y\r\n" * 2_000 + "\r\nH",
    "0\r\nx: " + "y" * 70_000 + "\r\n\r\nH",
    "１\r\nh\r\n0\r\n\r\nH",
    "H",
]

# First lines after which nothing may be read.
FIRST_LINES = [
    "POST /api/hello HTTP/1.0",
    "POST /api/hello HTTP/1.2",
    "POST /api/hello HTTP/2.0",
    "POST /api/hello HTTP/0.9",
    "POST /api/hello HTTP/1.1 ",
    "POST /api/hello HTTP/1.1x",
    "POST /api/hello  HTTP/1.1",
    "POST  /api/hello HTTP/1.1",
    "POST\t/api/hello\tHTTP/1.1",
    " POST /api/hello HTTP/1.1",
    "POST /api/hello\tHTTP/1.1",
    "POST /api/hello\x0bHTTP/1.1",
    "POST /api/hello http/1.1",
    "POST /api/hello",
    "POST /api/he\x00llo HTTP/1.1",
    "POST /api/hello HTTP/1.1\rX: y",
    "PO ST /api/hello HTTP/1.1",
    "P\x00ST /api/hello HTTP/1.1",
]


class Attempt:
    """A request, and how many answers it may bring at most."""

    def __init__(self, kind, what, request):
        self.kind, self.what, self.request = kind, what, request


def encoded(text):
    """Latin-1 as far as it goes: a byte above 0x7f in a head is one byte."""
    return text.encode("latin-1", "ignore") if all(ord(c) < 256 for c in text) else text.encode()


def request(fields, body, first="POST /api/hello HTTP/1.1"):
    return encoded(f"{first}\r\nHost: bank\r\n{fields}Connection: close\r\n\r\n{body}")


def listed():
    """The attempts of the lists, in an order that never changes."""
    number = 0

    def hidden():
        nonlocal number
        number += 1
        return HIDDEN % number

    for coding in CODINGS:
        for place in PLACES:
            body = END + hidden()
            length = f"Content-Length: {len(body)}"
            yield Attempt("coding", coding, request(place % {"length": length, "coding": coding}, body))
    for length in LENGTHS:
        prefix, second = "hello", hidden()
        text = length.replace("N", str(len(prefix))).replace("L", str(len(prefix + second)))
        yield Attempt("length", length, request(f"{text}\r\n", prefix + second))
    for length in LENGTHS_BESIDE:
        for place in PLACES:
            body = END + hidden()
            text = length.replace("N", str(len(END))).replace("L", str(len(body)))
            fields = place % {"length": f"Content-Length: {text}", "coding": "Transfer-Encoding: chunked"}
            yield Attempt("length beside chunked", length, request(fields, body))
    for chunks in CHUNKS:
        body = chunks.replace("H", hidden())
        yield Attempt("chunks", chunks[:40], request("Transfer-Encoding: chunked\r\n", body))
    for first in FIRST_LINES:
        body = END + hidden()
        fields = f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n"
        yield Attempt("first line", first, request(fields, body, first))


def mutated(seed):
    """Single bytes of the two fields are changed, put in, or taken away, without end. The length is
    a number that covers the hidden request whatever happens to it, so that a reader may go by
    it, or by the coding, and by nothing in between.
    """
    choose = random.Random(seed)
    number = 100_000
    while True:
        number += 1
        body = END + HIDDEN % number
        coding = bytearray(b"Transfer-Encoding: chunked\r\n")
        for _ in range(choose.randint(1, 3)):
            at = choose.randrange(len(coding))
            byte = choose.choice(
                [*range(33), 0x2C, 0x3A, 0x3B, 0x7F, 0x85, 0xA0, 0xFF, choose.randrange(256)]
            )
            match choose.randrange(3):
                case 0:
                    coding[at] = byte
                case 1:
                    coding.insert(at, byte)
                case _:
                    del coding[at]
        length = b"Content-Length: %d\r\n" % len(body)
        fields = [length, bytes(coding)]
        choose.shuffle(fields)
        head = b"POST /api/hello HTTP/1.1\r\nHost: bank\r\n" + b"".join(fields) + b"Connection: close\r\n\r\n"
        yield Attempt("mutation", repr(bytes(coding)), head + body.encode())


def is_head_cut_short(attempt):
    """A mutation may have made the line an empty one, which ends the head: what follows it is
    another request, and not a hidden one.
    """
    head = attempt.request.replace(b"\r\n", b"\n")
    return b"\n\n" in head[: head.index(b"Connection: close") + 1]


def answer(arguments, attempt, silence_seconds=SILENCE_SECONDS):
    received = b""
    with connect((arguments.host, arguments.port), arguments.source) as stream:
        try:
            stream.sendall(attempt.request)
        except OSError:
            # It hung up in the middle: its answer may be there all the same.
            pass
        stream.settimeout(silence_seconds)
        try:
            while data := stream.recv(65_536):
                received += data
        except OSError:
            pass
    return received


def judge(received):
    """Why this is wrong; none if it is not."""
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]
    if MARK.encode() in received:
        return "the hidden request's path came back"
    if sum(status < 400 for status in statuses) > 1:
        return f"answers {statuses}"
    if any(status >= 500 and status != 501 for status in statuses):
        return f"answers {statuses}"
    if len(statuses) > 1:
        return f"answers {statuses}: one request, one answer"
    return None


def are_proper_requests_answered(arguments):
    """Twenty at once on one connection, by both framings: one answer each, or a judge who finds
    nothing proves nothing.
    """
    by_length = "POST /api/hello HTTP/1.1\r\nHost: bank\r\nContent-Length: 5\r\n\r\nhello"
    chunked = (
        "POST /api/hello HTTP/1.1\r\nHost: bank\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" + END
    )
    last = "GET /api/hello HTTP/1.1\r\nHost: bank\r\nConnection: close\r\n\r\n"
    proper = Attempt("proper", "", ((by_length + chunked) * 10 + last).encode())
    # The host hangs up after the last: only a busy machine is silent before.
    return len(re.findall(rb"HTTP/1\.1 200 ", answer(arguments, proper, 30))) == 21


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--source")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=500)
    arguments = parser.parse_args()

    attempts = list(listed())
    mutations = mutated(arguments.seed)
    while len(attempts) < arguments.count:
        attempt = next(mutations)
        if not is_head_cut_short(attempt):
            attempts.append(attempt)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda attempt: answer(arguments, attempt), attempts))
    wrong = 0
    for attempt, received in zip(attempts, answers, strict=True):
        reason = judge(received)
        if reason:
            wrong += 1
            print(f"FAILS {attempt.kind}: {attempt.what!r}: {reason}")
            print(f"      sent {attempt.request[:400]!r}")
            print(f"      came {received[:400]!r}")
    silent = sum(not received for received in answers)
    print(
        f"{len(attempts)} requests (seed {arguments.seed}), {silent} without an answer, {wrong} answered wrongly"
    )
    if not are_proper_requests_answered(arguments):
        print("FAILS proper requests on one connection are not all answered")
        wrong += 1
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
