"""`wasi:http/incoming-handler`: converts the host's request and response to plain values."""

import json
from urllib.parse import parse_qsl

from componentize_py_types import Err, Ok
from wit_world.imports import types

from .exchange import Request, Response

#: The most that one write of the interface takes.
WRITE_BYTES_MAX = 4_096


def read(request: types.IncomingRequest) -> Request:
    method = request.method()
    path, _, query = (request.path_with_query() or "/").partition("?")
    name = type(method).__name__.removeprefix("Method_").upper()
    headers = request.headers().entries()
    return Request(
        method=method.value if isinstance(method, types.Method_Other) else name,
        path=path,
        query=parse_qsl(query, keep_blank_values=True),
        headers={name.lower(): value.decode("utf-8", "replace") for name, value in headers},
    )


def write(response: Response, response_out: types.ResponseOutparam) -> None:
    content = json.dumps(response.body, separators=(",", ":")).encode()
    fields = response.headers | {"content-length": str(len(content))}
    encoded = [(name, value.encode()) for name, value in fields.items()]
    outgoing = types.OutgoingResponse(types.Fields.from_list(encoded))
    outgoing.set_status_code(response.status)
    body = outgoing.body()
    types.ResponseOutparam.set(response_out, Ok(outgoing))
    try:
        with body.write() as stream:
            for start in range(0, len(content), WRITE_BYTES_MAX):
                stream.blocking_write_and_flush(content[start : start + WRITE_BYTES_MAX])
        types.OutgoingBody.finish(body, None)
    except Err:
        # The client has gone, which is no error.
        pass
