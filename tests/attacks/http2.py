"""The error cases of RFC 9113, and the known floods, each sent to a server, and what the RFC
demands checked.

usage: http2.py HOST PORT [--source ADDRESS] [--tls] [--only WORD]

Prints a line for each case: whether it holds (or deviates in a way that is known), the section, the
case, and what came back. Exits with 1 if one does neither. After each case an honest request on
another connection must be answered.

The server must answer `GET /api/hello` with 200, and take a body at `POST /api/hello`.
"""

import argparse
import sys
import time

import h2.config
import h2.connection
import h2.events

from connection import (
    CANCEL,
    COMPRESSION_ERROR,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    NO_ERROR,
    PREFACE,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    STREAM_CLOSED,
    Peer,
    code_name,
    connect,
    frame,
    settings_frame,
)

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    range(10)
)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITISED = 1, 1, 4, 8, 32
METHOD, SCHEME, AUTHORITY, PATH = (
    (":method", "GET"),
    (":scheme", "http"),
    (":authority", "bank"),
    (":path", "/api/hello"),
)
GET = [METHOD, SCHEME, AUTHORITY, PATH]
POST = [(":method", "POST"), SCHEME, AUTHORITY, PATH]
# What the server takes of a body.
BODY_MAX = 1 << 20
HEAD = [(":method", "HEAD"), SCHEME, AUTHORITY, PATH]
# More than any server holds for a client that is not honest, and little enough to be sent in
# seconds.
FLOOD = 10_000

CASES = []


def case(section, name, demand):
    """Adds a case: what it sends, and what RFC 9113 demands."""

    def add(attack):
        CASES.append((section, name, demand, attack))
        return attack

    return add


# Demands. Each reads what comes back until it is met, and returns whether it is.


def connection_error(*codes):
    """The connection ends; a GOAWAY says why (RFC 9113 section 5.4.1: it should be there)."""

    def is_met(peer):
        peer.read_until(lambda: peer.is_closed)
        return peer.is_closed and peer.goaway in (None, *codes)

    is_met.words = f"a connection error {' or '.join(map(code_name, codes))}"
    return is_met


def stream_error(*codes, stream=1):
    """The stream is reset, or the connection ends, as section 5.4.2 allows for stream errors."""

    def is_met(peer):
        peer.read_until(
            lambda: stream in peer.resets or peer.goaway not in (None, NO_ERROR) or peer.is_closed
        )
        if stream in peer.resets:
            return peer.resets[stream] in codes
        return connection_error(*codes)(peer)

    is_met.words = f"a stream error {' or '.join(map(code_name, codes))}"
    return is_met


def malformed(stream=1):
    """Section 8.1.1: a stream error PROTOCOL_ERROR; a server may answer 400 or the like before."""

    def is_met(peer):
        def told():
            return stream in peer.resets or stream in peer.statuses or peer.goaway or peer.is_closed

        peer.read_until(told)
        if stream in peer.statuses:
            return 400 <= peer.statuses[stream] < 500
        if stream in peer.resets:
            return peer.resets[stream] == PROTOCOL_ERROR
        return connection_error(PROTOCOL_ERROR)(peer)

    is_met.words = "a stream error PROTOCOL_ERROR, or 4xx"
    return is_met


def status(*statuses, stream=1):
    """An answer; the request is well-formed, or is refused by HTTP's own rules."""

    def is_met(peer):
        peer.read_until(lambda: stream in peer.statuses)
        return peer.statuses.get(stream) in statuses

    is_met.words = f"the status {' or '.join(map(str, statuses))}"
    return is_met


def goes_on(stream=101):
    """The connection lives: it acknowledges a PING, and answers another request."""

    def is_met(peer):
        peer.send(frame(PING, payload=b"alive???"))
        peer.headers(stream, GET)
        peer.read_until(lambda: b"alive???" in peer.pings and stream in peer.statuses)
        return b"alive???" in peer.pings and peer.statuses.get(stream) == 200

    is_met.words = "that the connection goes on"
    return is_met


def ends_or_goes_on(peer):
    """A flood may end the connection, with a reason; else it must still be answered. It never
    hangs.
    """
    peer.send(frame(PING, payload=b"flooded?"))
    peer.read_until(lambda: peer.is_closed or b"flooded?" in peer.pings, seconds=20)
    return peer.is_closed or b"flooded?" in peer.pings


ends_or_goes_on.words = "that the connection is answered, or ends"


def either(first, second):
    def is_met(peer):
        return first(peer) or second(peer)

    is_met.words = f"{first.words}, or {second.words}"
    return is_met


# Section 3.4: the preface.


@case("3.4", "a preface that is none", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.send(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + settings_frame(()))


@case("3.4", "a first frame that is not SETTINGS", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.send(PREFACE)
    peer.headers(1, GET)


# Sections 4.1 to 4.3: frames.


@case("4.1", "a frame of an unknown type is ignored", goes_on())
def _(peer):
    peer.greet()
    peer.send(frame(0x2A, 0xFF, 0, b"whatever"))
    peer.send(frame(0xFE, 0, 7, b""))


@case("4.1", "flags that mean nothing are ignored", goes_on())
def _(peer):
    peer.greet()
    peer.send(frame(PING, 0xFE, 0, b"12345678"))


@case("4.1", "the reserved bit of a stream's number is ignored", status(200))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 0x80000001, peer.encode(GET)))


@case("4.2", "a DATA frame that is too large", stream_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.data(1, b"x" * 16_385)


@case("4.2", "a HEADERS frame that is too large", connection_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.send(
        frame(
            HEADERS,
            END_STREAM | END_HEADERS,
            1,
            peer.encode([*GET, ("x", "é" * 17_000)])[:16_385].ljust(16_385),
        )
    )


@case(
    "4.2", "a frame that says it is larger than may be, and does not come", connection_error(FRAME_SIZE_ERROR)
)
def _(peer):
    peer.greet()
    peer.send(frame(SETTINGS, 0, 0, length=0xFFFFFF))


@case("4.3", "an index of no table", connection_error(COMPRESSION_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\xff\xff\xff\x7f"))


@case("4.3", "the index 0", connection_error(COMPRESSION_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x80"))


@case("4.3", "a Huffman code with the end symbol", connection_error(COMPRESSION_ERROR))
def _(peer):
    peer.greet()
    peer.send(
        frame(HEADERS, END_STREAM | END_HEADERS, 1, peer.encode(GET) + b"\x40\x01x\x84\xff\xff\xff\xff")
    )


@case("4.3", "a block that breaks off", connection_error(COMPRESSION_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, peer.encode(GET) + b"\x40\x0ax"))


@case("4.3", "a table that is larger than was agreed", connection_error(COMPRESSION_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x3f\xe1\xff\x03" + peer.encode(GET)))


@case("4.3", "a change of the table's size at the end of a block", connection_error(COMPRESSION_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, peer.encode(GET) + b"\x20"))


@case("4.3", "another frame between HEADERS and CONTINUATION", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM, 1, peer.encode(GET)))
    peer.send(frame(PING, payload=b"12345678"))


@case("4.3", "a CONTINUATION of another stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM, 1, peer.encode(GET)))
    peer.send(frame(CONTINUATION, END_HEADERS, 3, b""))


# Section 5.1: states of streams.


@case("5.1", "DATA on an idle stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.data(1, b"x")


@case("5.1", "RST_STREAM on an idle stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(RST_STREAM, 0, 1, CANCEL.to_bytes(4, "big")))


@case("5.1", "WINDOW_UPDATE on an idle stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"))


@case("5.1", "CONTINUATION on an idle stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(CONTINUATION, END_HEADERS, 1, peer.encode(GET)))


# Which of the two it is depends on whether the answer has gone out by then.
@case("5.1", "DATA on a half-closed stream", either(stream_error(STREAM_CLOSED), connection_error(PROTOCOL_ERROR)))
def _(peer):
    peer.greet()
    peer.headers(1, POST)
    peer.data(1, b"x")


@case("5.1", "HEADERS on a half-closed stream", stream_error(STREAM_CLOSED, PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST)
    peer.headers(1, GET)


@case("5.1", "DATA on a stream that was reset", either(stream_error(STREAM_CLOSED), goes_on()))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(RST_STREAM, 0, 1, CANCEL.to_bytes(4, "big")))
    peer.data(1, b"x")


@case("5.1", "HEADERS on a stream that was reset", stream_error(STREAM_CLOSED, PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(RST_STREAM, 0, 1, CANCEL.to_bytes(4, "big")))
    peer.headers(1, GET)


@case("5.1", "DATA on a closed stream", stream_error(STREAM_CLOSED))
def _(peer):
    peer.greet()
    peer.headers(1, GET)
    peer.read_until(lambda: 1 in peer.ended)
    peer.data(1, b"x")


@case("5.1", "HEADERS on a closed stream", connection_error(STREAM_CLOSED, PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, GET)
    peer.read_until(lambda: 1 in peer.ended)
    peer.headers(1, GET)


@case("5.1.1", "a stream with an even number", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(2, GET)


@case(
    "5.1.1", "a stream with a smaller number than the last", connection_error(PROTOCOL_ERROR, STREAM_CLOSED)
)
def _(peer):
    peer.greet()
    peer.headers(5, GET)
    peer.headers(3, GET)


@case(
    "5.1.2",
    "more streams than were allowed",
    stream_error(REFUSED_STREAM, PROTOCOL_ERROR, ENHANCE_YOUR_CALM, stream=601),
)
def _(peer):
    peer.greet()
    for stream in range(1, 602, 2):
        peer.headers(stream, POST, end_stream=False)


# Section 6.1: DATA.


@case("6.1", "DATA on stream 0", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.data(0, b"x")


@case("6.1", "padding longer than its DATA frame", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(DATA, END_STREAM | PADDED, 1, b"\x06xxxxx"))


@case(
    "6.1",
    "a padded DATA frame without the padding's length",
    connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR),
)
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(DATA, END_STREAM | PADDED, 1, b""))


@case("6.1", "padding within its bounds is taken", status(200))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(DATA, END_STREAM | PADDED, 1, b"\x04x\0\0\0\0"))


# Section 6.2: HEADERS.


@case("6.2", "HEADERS on stream 0", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(0, GET)


@case("6.2", "padding longer than its HEADERS frame", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, b"\xff" + peer.encode(GET)))


@case("6.2", "a priority that is cut off", connection_error(FRAME_SIZE_ERROR, PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS | PRIORITISED, 1, b"\0\0\0"))


# Section 6.3: PRIORITY.


@case("6.3", "PRIORITY on stream 0", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(PRIORITY, 0, 0, b"\0\0\0\3\x10"))


@case("6.3", "PRIORITY of 4 bytes", stream_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(PRIORITY, 0, 1, b"\0\0\0\3"))


@case("5.3", "streams that depend on each other in a loop", either(goes_on(), stream_error(PROTOCOL_ERROR)))
def _(peer):
    peer.greet()
    for stream, parent in ((1, 3), (3, 5), (5, 1), (7, 7)):
        peer.send(frame(PRIORITY, 0, stream, parent.to_bytes(4, "big") + b"\x10"))


# Section 6.4: RST_STREAM.


@case("6.4", "RST_STREAM on stream 0", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(RST_STREAM, 0, 0, CANCEL.to_bytes(4, "big")))


@case("6.4", "RST_STREAM of 3 bytes", connection_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(RST_STREAM, 0, 1, b"\0\0\x08"))


# Section 6.5: SETTINGS.


@case("6.5", "SETTINGS on a stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(SETTINGS, 0, 1))


@case("6.5", "an acknowledgement with a content", connection_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(SETTINGS, ACK, 0, b"\0\3\0\0\0\1"))


@case("6.5", "SETTINGS of 5 bytes", connection_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(SETTINGS, 0, 0, b"\0\3\0\0\0"))


def settings_case(name, demand, *settings):
    @case("6.5.2", name, demand)
    def _(peer):
        peer.greet()
        peer.send(settings_frame(settings))


settings_case("ENABLE_PUSH of 2", connection_error(PROTOCOL_ERROR), (2, 2))
settings_case("INITIAL_WINDOW_SIZE of 2^31", connection_error(FLOW_CONTROL_ERROR), (4, 1 << 31))
settings_case("MAX_FRAME_SIZE of 16,383", connection_error(PROTOCOL_ERROR), (5, 16_383))
settings_case("MAX_FRAME_SIZE of 2^24", connection_error(PROTOCOL_ERROR), (5, 1 << 24))
settings_case("a setting that nobody knows is ignored", goes_on(), (0xFF, 7))
settings_case("the last of two values of a setting counts", goes_on(), (5, 16_384), (5, 32_768))


def is_acknowledged(peer):
    return peer.read_until(lambda: peer.settings_acknowledged >= 2)


is_acknowledged.words = "an acknowledgement"


@case("6.5.3", "SETTINGS are acknowledged", is_acknowledged)
def _(peer):
    peer.greet()
    peer.send(settings_frame([(3, 10)]))


# Section 6.6: PUSH_PROMISE.


@case("6.6", "PUSH_PROMISE of a client", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + peer.encode(GET)))


# Section 6.7: PING.


@case("6.7", "PING on a stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(PING, 0, 1, b"12345678"))


@case("6.7", "PING of 7 bytes", connection_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(PING, 0, 0, b"1234567"))


@case("6.7", "an acknowledgement that nobody waits for is ignored", goes_on())
def _(peer):
    peer.greet()
    peer.send(frame(PING, ACK, 0, b"12345678"))


# Section 6.8: GOAWAY.


@case("6.8", "GOAWAY on a stream", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(GOAWAY, 0, 1, b"\0" * 8))


@case("6.8", "a request before a client's GOAWAY is answered", status(200))
def _(peer):
    peer.greet()
    peer.headers(1, GET)
    peer.send(frame(GOAWAY, 0, 0, b"\0" * 8))


# Section 6.9: WINDOW_UPDATE, and windows.


@case("6.9", "a WINDOW_UPDATE of 0 for the connection", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"))


@case("6.9", "a WINDOW_UPDATE of 0 for a stream", stream_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\0"))


@case("6.9", "WINDOW_UPDATE of 3 bytes", connection_error(FRAME_SIZE_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"))


@case("6.9.1", "a connection's window that overflows", connection_error(FLOW_CONTROL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2)


@case("6.9.1", "a stream's window that overflows", stream_error(FLOW_CONTROL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff") * 2)


# A server that reads on gives the window back, until the body is too large.
@case("6.9.1", "more DATA than the window allows", either(stream_error(FLOW_CONTROL_ERROR), status(413)))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    window = peer.settings.get(4, 65_535)
    for _ in range(window // 16_384 + 4):
        peer.data(1, b"x" * 16_384, end_stream=False)
    # A server on a busy machine may have kept up.
    for _ in range(BODY_MAX // 16_384):
        if peer.read_until(lambda: 1 in peer.resets or 1 in peer.statuses or peer.goaway, 0.01):
            break
        peer.data(1, b"x" * 16_384, end_stream=False)


@case("6.9.2", "a setting that makes a stream's window overflow", connection_error(FLOW_CONTROL_ERROR))
def _(peer):
    peer.greet([(4, 0)])
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff"))
    peer.send(settings_frame([(4, 0x7FFFFFFF)]))


@case("6.9.2", "a window below 0 and up again", status(200))
def _(peer):
    peer.greet([(4, 3)])
    peer.headers(1, GET)
    peer.read_until(lambda: peer.bodies.get(1))
    peer.send(settings_frame([(4, 0)]))
    peer.send(frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\x10"))
    peer.read_until(lambda: 1 in peer.ended)


# Section 6.10: CONTINUATION.


@case("6.10", "CONTINUATION on stream 0", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM, 1, peer.encode(GET)))
    peer.send(frame(CONTINUATION, END_HEADERS, 0, b""))


@case("6.10", "CONTINUATION after the end of the HEADERS", connection_error(PROTOCOL_ERROR))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.send(frame(CONTINUATION, END_HEADERS, 1, peer.encode([("x", "y")])))


@case("6.10", "a request in three pieces is taken", status(200))
def _(peer):
    peer.greet()
    block = peer.encode([*GET, ("x-long", "y" * 200)])
    peer.send(frame(HEADERS, END_STREAM, 1, block[:9]))
    peer.send(frame(CONTINUATION, 0, 1, block[9:20]))
    peer.send(frame(CONTINUATION, END_HEADERS, 1, block[20:]))


# Sections 8.1 to 8.3: messages.


@case("8.1", "HEADERS in the middle that do not end the stream", malformed())
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.headers(1, [("x", "y")], end_stream=False)


@case("8.1", "trailers are taken", status(200))
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.data(1, b"x", end_stream=False)
    peer.headers(1, [("x-checksum", "y")])


@case("8.3", "a pseudo-header in the trailers", malformed())
def _(peer):
    peer.greet()
    peer.headers(1, POST, end_stream=False)
    peer.data(1, b"x", end_stream=False)
    peer.headers(1, [(":path", "/api/hello"), ("x", "y")])


@case("8.1.1", "a content-length larger than the body", malformed())
def _(peer):
    peer.greet()
    peer.headers(1, [*POST, ("content-length", "2")], end_stream=False)
    peer.data(1, b"x")


@case("8.1.1", "a content-length smaller than the body", malformed())
def _(peer):
    peer.greet()
    peer.headers(1, [*POST, ("content-length", "1")], end_stream=False)
    peer.data(1, b"xx")


@case("8.1.1", "a content-length without a body", malformed())
def _(peer):
    peer.greet()
    peer.headers(1, [*POST, ("content-length", "1")])


def malformed_case(section, name, fields):
    @case(section, name, malformed())
    def _(peer):
        peer.greet()
        peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, literal(fields)))


def literal(fields):
    """A block that says each field as it is: an encoder of a library might mend it."""

    def text(value):
        value = value.encode() if isinstance(value, str) else value
        length = len(value)
        return (bytes([length]) if length < 127 else b"\x7f" + varint(length - 127)) + value

    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


def varint(number):
    out = bytearray()
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes([*out, number])


malformed_case("8.1.1", "two lengths", [*POST, ("content-length", "0"), ("content-length", "1")])
malformed_case("8.1.1", "a length that is no number", [*POST, ("content-length", "+0")])
malformed_case("8.2", "a name in upper case", [*GET, ("X-Upper", "y")])
malformed_case("8.2.1", "a name with a space", [*GET, ("x y", "z")])
malformed_case("8.2.1", "a name with a colon", [*GET, ("x:y", "z")])
malformed_case("8.2.1", "a name with a control character", [*GET, (b"x\x01", "z")])
malformed_case("8.2.1", "a name with a byte above 0x7e", [*GET, (b"x\xe9", "z")])
malformed_case("8.2.1", "an empty name", [*GET, ("", "z")])
malformed_case("8.2.1", "a value with a line feed", [*GET, ("x", "y\nx-strongroom-role: admin")])
malformed_case("8.2.1", "a value with a carriage return", [*GET, ("x", "y\r\nx-strongroom-role: admin")])
malformed_case("8.2.1", "a value with NUL", [*GET, ("x", "y\0z")])
malformed_case("8.2.2", "connection", [*GET, ("connection", "keep-alive")])
malformed_case("8.2.2", "keep-alive", [*GET, ("keep-alive", "timeout=5")])
malformed_case("8.2.2", "proxy-connection", [*GET, ("proxy-connection", "keep-alive")])
malformed_case("8.2.2", "transfer-encoding", [*POST, ("transfer-encoding", "chunked")])
malformed_case("8.2.2", "upgrade", [*GET, ("upgrade", "h2c")])
malformed_case("8.2.2", "te with another value than trailers", [*GET, ("te", "gzip")])
malformed_case("8.3", "a pseudo-header that nobody knows", [*GET, (":foo", "bar")])
malformed_case("8.3", "a pseudo-header of an answer", [*GET, (":status", "200")])
malformed_case("8.3", "a pseudo-header after a field", [METHOD, SCHEME, AUTHORITY, ("x", "y"), PATH])
malformed_case("8.3.1", "no method", [SCHEME, AUTHORITY, PATH])
malformed_case("8.3.1", "no scheme", [METHOD, AUTHORITY, PATH])
malformed_case("8.3.1", "no path", [METHOD, SCHEME, AUTHORITY])
malformed_case("8.3.1", "an empty path", [METHOD, SCHEME, AUTHORITY, (":path", "")])
malformed_case("8.3.1", "a path without a slash", [METHOD, SCHEME, AUTHORITY, (":path", "api/hello")])
malformed_case("8.3.1", "a path with a space", [METHOD, SCHEME, AUTHORITY, (":path", "/api/hello x")])
malformed_case(
    "8.3.1", "a path with an end of a line", [METHOD, SCHEME, AUTHORITY, (":path", "/api/hello\r\nx: y")]
)
malformed_case("8.3.1", "two methods", [METHOD, METHOD, SCHEME, AUTHORITY, PATH])
malformed_case("8.3.1", "two schemes", [METHOD, SCHEME, SCHEME, AUTHORITY, PATH])
malformed_case("8.3.1", "two paths", [METHOD, SCHEME, AUTHORITY, PATH, PATH])
malformed_case("8.3.1", "two authorities", [METHOD, SCHEME, AUTHORITY, AUTHORITY, PATH])
malformed_case("8.3.1", "no authority and no host", [METHOD, SCHEME, PATH])
malformed_case("8.3.1", "an authority with a user", [METHOD, SCHEME, (":authority", "ann@bank"), PATH])
malformed_case(
    "8.3.1", "an authority with a user and a password", [METHOD, SCHEME, (":authority", "ann:pw@bank"), PATH]
)
malformed_case("8.3.1", "an authority with a slash", [METHOD, SCHEME, (":authority", "bank/x"), PATH])
malformed_case("8.3.1", "a host that differs from the authority", [*GET, ("host", "other")])
malformed_case("8.3.1", "a method with a space", [(":method", "GET /x HTTP/1.1"), SCHEME, AUTHORITY, PATH])
malformed_case("8.5", "CONNECT with a path", [(":method", "CONNECT"), SCHEME, AUTHORITY, PATH])


@case("8.2.2", "te: trailers is taken", status(200))
def _(peer):
    peer.greet()
    peer.headers(1, [*GET, ("te", "trailers")])


@case("8.5", "CONNECT is refused", malformed())
def _(peer):
    peer.greet()
    peer.headers(1, [(":method", "CONNECT"), AUTHORITY])


@case("8.3.1", "a host that is the authority is taken", status(200))
def _(peer):
    peer.greet()
    peer.headers(1, [*GET, ("host", "bank")])


def head_alone(answer):
    """RFC 9110 section 9.3.2: an answer to HEAD has no content."""

    def is_met(peer):
        peer.read_until(lambda: 1 in peer.ended)
        return peer.statuses.get(1) == answer and not peer.bodies.get(1) and 1 in peer.ended

    is_met.words = f"{answer} without content"
    return is_met


@case("8.1", "an answer to HEAD has no content", head_alone(200))
def _(peer):
    peer.greet()
    peer.headers(1, HEAD)


@case("8.1", "a refusal of HEAD has no content", head_alone(404))
def _(peer):
    peer.greet()
    peer.headers(1, [(":method", "HEAD"), SCHEME, AUTHORITY, (":path", "/api/nowhere")])


# Section 10.5: floods.


@case(
    "10.5",
    "a head larger than may be",
    either(status(431), stream_error(PROTOCOL_ERROR, ENHANCE_YOUR_CALM, REFUSED_STREAM)),
)
def _(peer):
    peer.greet()
    block = peer.encode([*GET, *((f"x-{number}", "y" * 1_000) for number in range(200))])
    peer.send(frame(HEADERS, END_STREAM, 1, block[:16_000]))
    for begin in range(16_000, len(block), 16_000):
        end = END_HEADERS if begin + 16_000 >= len(block) else 0
        peer.send(frame(CONTINUATION, end, 1, block[begin : begin + 16_000]))


@case(
    "10.5",
    "a head that a small block unpacks to megabytes",
    either(status(431), stream_error(PROTOCOL_ERROR, COMPRESSION_ERROR, ENHANCE_YOUR_CALM)),
)
def _(peer):
    peer.greet()
    block = peer.encode([*GET, ("x-bomb", "y" * 3_900)])
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block + b"\xbe" * 12_000))


@case("10.5", "a CONTINUATION flood", ends_or_goes_on)
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM, 1, peer.encode(GET)))
    for number in range(FLOOD // 100):
        if peer.is_closed:
            return
        peer.send(frame(CONTINUATION, 0, 1, literal([(f"x-{number}", "y" * 100)])) * 100)


@case("10.5", "a flood of empty CONTINUATION frames", ends_or_goes_on)
def _(peer):
    peer.greet()
    peer.send(frame(HEADERS, END_STREAM, 1, peer.encode(GET)))
    for _ in range(FLOOD // 100):
        if peer.is_closed:
            return
        peer.send(frame(CONTINUATION, 0, 1, b"") * 100)


@case("10.5", "streams that are opened and reset at once (rapid reset)", ends_or_goes_on)
def _(peer):
    """As an honest library sends them, which knows nothing of what is wrong with it."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    peer.send(client.data_to_send())
    peer.read_until(lambda: peer.settings)
    for number in range(FLOOD):
        stream = client.get_next_available_stream_id()
        client.send_headers(stream, GET, end_stream=True)
        client.reset_stream(stream, CANCEL)
        if number % 100 == 99:
            peer.send(client.data_to_send())
        if peer.is_closed:
            return


@case("10.5", "streams that the server is made to reset", ends_or_goes_on)
def _(peer):
    peer.greet()
    for stream in range(1, 2 * FLOOD, 2):
        peer.headers(stream, POST, end_stream=False)
        peer.send(frame(WINDOW_UPDATE, 0, stream, b"\0\0\0\0"))
        if peer.is_closed:
            return


def flood(name, *frames):
    @case("10.5", name, ends_or_goes_on)
    def _(peer):
        peer.greet()
        peer.headers(1, POST, end_stream=False)
        for _ in range(FLOOD // 100):
            if peer.is_closed:
                return
            peer.send(b"".join(frames) * 100)


flood("a flood of PING", frame(PING, payload=b"12345678"))
flood("a flood of SETTINGS", settings_frame([(3, 100)]))
flood(
    "a flood of settings that change the table's size", settings_frame([(1, 0)]), settings_frame([(1, 4_096)])
)
flood(
    "a flood of PRIORITY",
    *(frame(PRIORITY, 0, s, (s + 2).to_bytes(4, "big") + b"\x10") for s in range(1, 20, 2)),
)
flood("a flood of empty DATA", frame(DATA, 0, 1, b""))
flood("a flood of DATA that is all padding", frame(DATA, PADDED, 1, b"\0"))
flood("a flood of tiny WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1"))
flood("a flood of frames of no known type", frame(0x2A, 0, 0, b"x" * 64))


# Where the server's library (the crate h2) does otherwise than the RFC says; `docs/security.md` has
# the reasons. It ends the connection as it must, and calls the reason PROTOCOL_ERROR.
DEVIATIONS = {
    name: connection_error(PROTOCOL_ERROR)
    for name in (
        "an index of no table",
        "the index 0",
        "a Huffman code with the end symbol",
        "a block that breaks off",
        "a table that is larger than was agreed",
        "a change of the table's size at the end of a block",
        "PRIORITY of 4 bytes",
        "RST_STREAM of 3 bytes",
        "an acknowledgement with a content",
        "SETTINGS of 5 bytes",
        "INITIAL_WINDOW_SIZE of 2^31",
        "PING of 7 bytes",
        "WINDOW_UPDATE of 3 bytes",
    )
}
# It drops trailers' pseudo-headers; the gateway drops all trailers, so no component sees them.
DEVIATIONS["a pseudo-header in the trailers"] = status(200)
# It takes frames before the client's SETTINGS.
DEVIATIONS["a first frame that is not SETTINGS"] = status(200)


def is_honest_request_answered(arguments):
    """With a library's own client: what we get wrong ourselves would show."""
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    stream = connect((arguments.host, arguments.port), arguments.source, arguments.tls)
    with stream:
        client.initiate_connection()
        client.send_headers(1, GET, end_stream=True)
        stream.sendall(client.data_to_send())
        while data := stream.recv(65_536):
            for event in client.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    return dict(event.headers)[":status"] == "200"
            stream.sendall(client.data_to_send())
    return False


def verdict(peer, demand, deviation):
    """A deviation that is known must be exactly what it is known for, so that the list of them
    stays true.
    """
    holds = bool(demand(peer))
    if deviation is None:
        return "holds" if holds else "FAILS"
    return "deviates" if not holds and deviation(peer) else "FAILS"


def run(arguments, section, name, demand, attack):
    peer = Peer((arguments.host, arguments.port), arguments.source, arguments.tls)
    deviation = DEVIATIONS.get(name)
    started = time.monotonic()
    try:
        attack(peer)
        word = verdict(peer, demand, deviation)
    finally:
        peer.close()
    came = str(peer)
    if not is_honest_request_answered(arguments):
        word, came = "FAILS", f"{came}; and the next honest request was not answered"
    wanted = "" if word == "holds" else f"; the RFC wants {demand.words}"
    if word == "FAILS" and deviation is not None:
        wanted += f"; expected {deviation.words}"
    took = time.monotonic() - started
    print(f"{word:8} RFC 9113 {section}: {name}: {came}{wanted} ({took:.1f} s)", flush=True)
    return word


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--source")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--only", default="", help="run the cases whose name or section has this in it")
    arguments = parser.parse_args()
    chosen = [case for case in CASES if arguments.only in f"{case[0]} {case[1]}"]
    words = [run(arguments, *case) for case in chosen]
    told = ", ".join(f"{words.count(word)} {word}" for word in ("holds", "deviates", "FAILS"))
    print(f"{len(words)} cases: {told}")
    sys.exit(0 if words and "FAILS" not in words else 1)


if __name__ == "__main__":
    main()
