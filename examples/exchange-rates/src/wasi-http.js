// `wasi:http/incoming-handler`: converts the host's request to a plain object, and a plain object
// to the response.

import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from 'wasi:http/types@0.2.10';

/** Reads a request: its method, its path with the query, and the first value of a header. */
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
  const encoded = Object.entries(fields).map(([name, value]) => [name, encode(value)]);
  const response = new OutgoingResponse(Fields.fromList(encoded));
  response.setStatusCode(status);
  const outgoing = response.body();
  ResponseOutparam.set(responseOut, { tag: 'ok', val: response });
  try {
    const stream = outgoing.write();
    // The interface takes at most 4,096 bytes at once.
    for (let start = 0; start < content.length; start += 4096) {
      stream.blockingWriteAndFlush(content.subarray(start, start + 4096));
    }
    stream[Symbol.dispose]();
  } catch {
    // The client has gone, which is no error.
    return;
  }
  OutgoingBody.finish(outgoing, undefined);
}
