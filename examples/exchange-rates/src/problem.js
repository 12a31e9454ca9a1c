// Problem documents (RFC 9457) with a stable `code`, like those of the whole bank.

export class Problem extends Error {
  constructor(status, code, detail, { errors, headers = {} } = {}) {
    super(detail);
    Object.assign(this, { status, code, errors, headers });
  }

  /** 422 `validation_failed`: a parameter is invalid. `pointer` is `/` and its name. */
  static parameter(name, detail, code = 'invalid') {
    const errors = [{ pointer: `/${name}`, code, detail }];
    return new Problem(422, 'validation_failed', 'A parameter is invalid.', { errors });
  }

  /** The response to the request for `path`. */
  response(path, requestId) {
    const title = this.code[0].toUpperCase() + this.code.slice(1).replaceAll('_', ' ');
    const document = {
      type: `urn:strongroom:problem:${this.code}`,
      title,
      status: this.status,
      detail: this.message,
      instance: path,
      code: this.code,
      request_id: requestId,
      errors: this.errors,
    };
    return {
      status: this.status,
      headers: { 'content-type': 'application/problem+json', ...this.headers },
      body: JSON.stringify(document),
    };
  }
}
