// `wasi:http/incoming-handler`: the host's request as a plain object, and a plain object as the response.

import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from 'wasi:http/types@0.2.10';

/** What the routes need of a request: method, path with query, and the first value of a header. */
export function read(request) {
  const method = request.method();
  const headers = request.headers();
  return {
    method: method.tag === 'other' ? method.val : method.tag.toUpperCase(),
    path: request.pathWithQuery() ?? '/',
    header(name) {
      const [value] = headers.get(name);
      return value && new TextDecoder().decode(value);
    },
  };
}

/** Sends `{ status, headers, body }`; the body is a text. */
export function write({ status, headers, body }, responseOut) {
  const encode = (text) => new TextEncoder().encode(text);
  const content = encode(body);
  const fields = { ...headers, 'content-length': String(content.length) };
  const response = new OutgoingResponse(Fields.fromList(Object.entries(fields).map(([name, value]) => [name, encode(value)])));
  response.setStatusCode(status);
  const outgoing = response.body();
  ResponseOutparam.set(responseOut, { tag: 'ok', val: response });
  try {
    const stream = outgoing.write();
    // At most 4,096 bytes at once, as the interface says; every answer here is a few of these at most.
    for (let start = 0; start < content.length; start += 4096) {
      stream.blockingWriteAndFlush(content.subarray(start, start + 4096));
    }
    stream[Symbol.dispose]();
  } catch {
    // The client has gone away, which is no fault of this service.
    return;
  }
  OutgoingBody.finish(outgoing, undefined);
}
