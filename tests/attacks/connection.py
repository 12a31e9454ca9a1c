"""A connection from an address of the attacker's choice, and HTTP/2 frames on it, proper or not."""

import socket
import ssl
import time

from hpack import Decoder, Encoder
from hpack.exceptions import HPACKError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

NO_ERROR = 0x0
PROTOCOL_ERROR = 0x1
FLOW_CONTROL_ERROR = 0x3
STREAM_CLOSED = 0x5
FRAME_SIZE_ERROR = 0x6
REFUSED_STREAM = 0x7
CANCEL = 0x8
COMPRESSION_ERROR = 0x9
ENHANCE_YOUR_CALM = 0xB

CODES = {
    NO_ERROR: "NO_ERROR",
    PROTOCOL_ERROR: "PROTOCOL_ERROR",
    0x2: "INTERNAL_ERROR",
    FLOW_CONTROL_ERROR: "FLOW_CONTROL_ERROR",
    0x4: "SETTINGS_TIMEOUT",
    STREAM_CLOSED: "STREAM_CLOSED",
    FRAME_SIZE_ERROR: "FRAME_SIZE_ERROR",
    REFUSED_STREAM: "REFUSED_STREAM",
    CANCEL: "CANCEL",
    COMPRESSION_ERROR: "COMPRESSION_ERROR",
    ENHANCE_YOUR_CALM: "ENHANCE_YOUR_CALM",
}


def connect(address, source=None, tls=False, alpn=("h2",), timeout=10):
    """Opens a socket to `(host, port)`. The server's certificate is self-signed."""
    local = (source, 0) if source else None
    stream = socket.create_connection(address, timeout=timeout, source_address=local)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not tls:
        return stream
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(stream, server_hostname="localhost")


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame as it goes over the wire, whatever is wrong with it."""
    size = len(payload) if length is None else length
    head = size.to_bytes(3, "big") + bytes([kind, flags]) + (stream & 0xFFFFFFFF).to_bytes(4, "big")
    return head + payload


class Peer:
    """One HTTP/2 connection to the server under attack, and all that came back on it."""

    def __init__(self, address, source=None, tls=False):
        self.socket = connect(address, source, tls)
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.unread = b""
        self.is_closed = False
        self.goaway = None
        self.resets = {}
        self.statuses = {}
        self.bodies = {}
        self.ended = set()
        self.pings = []
        self.settings_acknowledged = 0
        self.settings = {}
        self._head = b""

    # Sending.

    def send(self, data):
        """A server that has hung up is no error here: what came back tells."""
        try:
            self.socket.settimeout(10)
            self.socket.sendall(data)
        except OSError:
            self.is_closed = True

    def greet(self, settings=()):
        """Says the preface and the first settings, and waits for the server's."""
        self.send(PREFACE + settings_frame(settings))
        self.read_until(lambda: self.settings)
        self.send(frame(4, flags=1))

    def headers(self, stream, fields, end_stream=True, end_headers=True, **options):
        flags = (1 if end_stream else 0) | (4 if end_headers else 0)
        self.send(frame(1, flags, stream, self.encode(fields), **options))

    def encode(self, fields):
        return self.encoder.encode(fields)

    def data(self, stream, payload, end_stream=True):
        self.send(frame(0, 1 if end_stream else 0, stream, payload))

    # Receiving.

    def read_until(self, done, seconds=5.0):
        """Reads until `done()`, or the server hangs up, or time is over; returns whether it is
        done.
        """
        deadline = time.monotonic() + seconds
        while not done():
            left = deadline - time.monotonic()
            if self.is_closed or left <= 0:
                return bool(done())
            self._read(left)
        return True

    def _read(self, seconds):
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        if not data:
            self.is_closed = True
            return
        self.unread += data
        while len(self.unread) >= 9:
            length = int.from_bytes(self.unread[:3], "big")
            if len(self.unread) < 9 + length:
                return
            head, payload = self.unread[:9], self.unread[9 : 9 + length]
            self.unread = self.unread[9 + length :]
            parsed, _ = Frame.parse_frame_header(memoryview(head))
            parsed.parse_body(memoryview(payload))
            self._take(parsed)

    def _take(self, received):
        if isinstance(received, GoAwayFrame):
            self.goaway = received.error_code
        elif isinstance(received, RstStreamFrame):
            self.resets[received.stream_id] = received.error_code
        elif isinstance(received, PingFrame) and "ACK" in received.flags:
            self.pings.append(bytes(received.opaque_data))
        elif isinstance(received, PingFrame):
            self.send(frame(6, 1, 0, bytes(received.opaque_data)))
        elif isinstance(received, SettingsFrame) and "ACK" in received.flags:
            self.settings_acknowledged += 1
        elif isinstance(received, SettingsFrame):
            self.settings = {0: 0, **received.settings}
        elif isinstance(received, (HeadersFrame, ContinuationFrame)):
            self._take_head(received)
        elif isinstance(received, DataFrame):
            stream = received.stream_id
            self.bodies[stream] = self.bodies.get(stream, b"") + received.data
            if "END_STREAM" in received.flags:
                self.ended.add(stream)

    def _take_head(self, received):
        self._head += received.data
        if "END_STREAM" in received.flags:
            self.ended.add(received.stream_id)
        if "END_HEADERS" not in received.flags:
            return
        try:
            fields = dict(self.decoder.decode(self._head))
        except HPACKError:
            fields = {}
        self._head = b""
        status = fields.get(":status")
        if status and not status.startswith("1"):
            self.statuses[received.stream_id] = int(status)

    def close(self):
        self.socket.close()

    def __str__(self):
        """What came back, for people."""
        seen = [f"stream {stream}: {status}" for stream, status in self.statuses.items()]
        seen += [f"stream {stream}: RST_STREAM {code_name(code)}" for stream, code in self.resets.items()]
        if self.goaway is not None:
            seen.append(f"GOAWAY {code_name(self.goaway)}")
        if self.is_closed:
            seen.append("closed")
        shown = seen if len(seen) < 8 else [*seen[:6], f".. {len(seen) - 7} more", seen[-1]]
        return ", ".join(shown) or "nothing"


def code_name(code):
    return CODES.get(code, hex(code))


def settings_frame(settings):
    return frame(4, payload=b"".join(k.to_bytes(2, "big") + v.to_bytes(4, "big") for k, v in settings))
