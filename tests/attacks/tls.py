"""What a client of TLS sees, by the library of the Python interpreter (OpenSSL).

usage: tls.py HOST PORT [--source ADDRESS]

Prints what holds, and last the digest of the certificate. Exits with 1 if something does not hold.
"""

import argparse
import hashlib
import ssl
import sys

from connection import connect


def negotiated(arguments, *offered):
    """The protocol that is spoken after the handshake."""
    stream = connect((arguments.host, arguments.port), arguments.source, tls=True, alpn=offered)
    with stream:
        return stream.selected_alpn_protocol()


def speaks(arguments, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # The library itself refuses old versions, unless it is set to be lenient.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = version
    context.maximum_version = version
    try:
        with connect((arguments.host, arguments.port), arguments.source) as stream:
            with context.wrap_socket(stream, server_hostname="localhost"):
                return True
    except (ssl.SSLError, OSError):
        return False


def head_of_an_answer(arguments):
    request = b"GET /api/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = b""
    stream = connect((arguments.host, arguments.port), arguments.source, tls=True, alpn=("http/1.1",))
    with stream:
        stream.sendall(request)
        while b"\r\n\r\n" not in received and (data := stream.recv(65_536)):
            received += data
    return received.decode("latin-1").lower()


def is_plain_http_refused(arguments):
    with connect((arguments.host, arguments.port), arguments.source) as stream:
        stream.sendall(b"GET /api/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try:
            return b" 200 " not in stream.recv(65_536)
        except OSError:
            return True


def certificate(arguments):
    with connect((arguments.host, arguments.port), arguments.source, tls=True) as stream:
        return hashlib.sha256(stream.getpeercert(binary_form=True)).hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--source")
    arguments = parser.parse_args()
    head = head_of_an_answer(arguments)
    facts = {
        "TLS 1.3 is spoken": speaks(arguments, ssl.TLSVersion.TLSv1_3),
        "TLS 1.2 is spoken": speaks(arguments, ssl.TLSVersion.TLSv1_2),
        "TLS 1.1 is not": not speaks(arguments, ssl.TLSVersion.TLSv1_1),
        "TLS 1.0 is not": not speaks(arguments, ssl.TLSVersion.TLSv1),
        "HTTP/2 comes first": negotiated(arguments, "http/1.1", "h2") == "h2",
        "HTTP/1.1 is spoken to who knows nothing else": negotiated(arguments, "http/1.1") == "http/1.1",
        "an answer says to come by TLS next time too": "\r\nstrict-transport-security: max-age=" in head,
        "plain HTTP is not answered": is_plain_http_refused(arguments),
    }
    for fact, holds in facts.items():
        print(f"{'holds' if holds else 'FAILS'} {fact}")
    print(certificate(arguments))
    sys.exit(0 if all(facts.values()) else 1)


if __name__ == "__main__":
    main()
