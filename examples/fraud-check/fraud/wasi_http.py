"""`wasi:http/incoming-handler`: the host's request as plain values, and plain values as the response."""

import json
from urllib.parse import parse_qsl

from componentize_py_types import Err, Ok
from wit_world.imports import types

from .exchange import Request, Response

#: The most that one write may take, as the interface says.
WRITE_BYTES_MAX = 4_096


def read(request: types.IncomingRequest) -> Request:
    method = request.method()
    path, _, query = (request.path_with_query() or "/").partition("?")
    return Request(
        method=method.value if isinstance(method, types.Method_Other) else type(method).__name__.removeprefix("Method_").upper(),
        path=path,
        query=parse_qsl(query, keep_blank_values=True),
        headers={name.lower(): value.decode("utf-8", "replace") for name, value in request.headers().entries()},
    )


def write(response: Response, response_out: types.ResponseOutparam) -> None:
    content = json.dumps(response.body, separators=(",", ":")).encode()
    fields = response.headers | {"content-length": str(len(content))}
    outgoing = types.OutgoingResponse(types.Fields.from_list([(name, value.encode()) for name, value in fields.items()]))
    outgoing.set_status_code(response.status)
    body = outgoing.body()
    types.ResponseOutparam.set(response_out, Ok(outgoing))
    try:
        with body.write() as stream:
            for start in range(0, len(content), WRITE_BYTES_MAX):
                stream.blocking_write_and_flush(content[start : start + WRITE_BYTES_MAX])
        types.OutgoingBody.finish(body, None)
    except Err:
        # The client has gone away, which is no fault of this service.
        pass
