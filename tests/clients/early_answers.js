// Answers that come before the body of their request has, to clients of Node.js: its fetch, http,
// and http2.
//
// usage: node early_answers.js URL
//
// The bank refuses a request by its head alone, while the client still sends the body, or waits to
// send it. The client must see the refusal, and its next request must succeed. Prints what fails,
// and exits with 1 then.

const http = require("node:http");
const http2 = require("node:http2");
const { setTimeout: sleep } = require("node:timers/promises");

const URL_OF_BANK = process.argv[2];
const NEXT = "/.well-known/jwks.json";
const SMALL_BYTES_MAX = 60_000;
// No answer takes longer.
const SILENCE_MS = 10_000;

// [path, headers, status with a small body, status with a large one]
const REFUSALS = [
  ["/api/accounts", {}, 401, 401],
  ["/api/nowhere", {}, 404, 404],
  [NEXT, {}, 405, 405],
  ["/api/auth/login", { "content-encoding": "gzip" }, 415, 413],
];
// [bytes, milliseconds between the head and the body]
const BODIES = [[10, 0], [10, 100], [10, 1_000], [60_000, 0], [8 << 20, 0], [8 << 20, 100]];

const failures = [];

async function* late(size, pauseMs) {
  await sleep(pauseMs);
  for (let left = size; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(left, 65_536), "x");
}

async function byFetch(path, headers, size, pauseMs) {
  const body = pauseMs > 0 ? late(size, pauseMs) : Buffer.alloc(size, "x");
  const refused = await fetch(URL_OF_BANK + path, { method: "POST", headers, body, duplex: "half" });
  await refused.text();
  const following = await fetch(URL_OF_BANK + NEXT);
  await following.text();
  return [refused.status, following.status];
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function byAgent(method, path, headers, send) {
  return new Promise((resolve, reject) => {
    const request = http.request(URL_OF_BANK + path, { method, headers, agent });
    request.on("error", reject);
    request.on("response", (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
      answer.on("error", reject);
    });
    send(request);
  });
}

async function byHttp(path, headers, size, pauseMs) {
  const refused = await byAgent("POST", path, { ...headers, "content-length": size }, (request) => {
    request.flushHeaders();
    setTimeout(() => request.end(Buffer.alloc(size, "x")), pauseMs);
  });
  return [refused, await byAgent("GET", NEXT, {}, (request) => request.end())];
}

async function byHttpThatWaits(path, headers, size) {
  const withheld = { ...headers, "content-length": size, expect: "100-continue" };
  const refused = await byAgent("POST", path, withheld, (request) => {
    request.on("continue", () => request.end(Buffer.alloc(size, "x")));
    request.on("response", () => request.destroyed || request.writableEnded || request.end());
    request.flushHeaders();
  });
  return [refused, await byAgent("GET", NEXT, {}, (request) => request.end())];
}

function onStream(session, headers, send) {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    let status;
    stream.on("response", (head) => (status = head[":status"]));
    stream.on("error", reject);
    stream.on("end", () => resolve(status));
    stream.resume();
    send(stream);
  });
}

async function byHttp2(path, headers, size, pauseMs) {
  const post = { ":method": "POST", ":path": path, ...headers };
  const refused = await onStream(session, post, (stream) => {
    setTimeout(() => stream.end(Buffer.alloc(size, "x")), pauseMs);
  });
  const get = { ":method": "GET", ":path": NEXT };
  return [refused, await onStream(session, get, (stream) => stream.end())];
}

let session;

async function main() {
  // Node keeps what a refused stream has not sent, and at 10 MB refuses more by itself.
  session = http2.connect(URL_OF_BANK, { maxSessionMemory: 1_000 });
  for (const ask of [byFetch, byHttp, byHttpThatWaits, byHttp2]) {
    for (const [path, headers, ifSmall, ifLarge] of REFUSALS) {
      for (const [size, pauseMs] of BODIES) {
        const expected = [size <= SMALL_BYTES_MAX ? ifSmall : ifLarge, 200];
        const what = `${ask.name}: ${path} with ${size} bytes after ${pauseMs} ms`;
        const asked = ask(path, headers, size, pauseMs);
        const silence = sleep(SILENCE_MS, ["silence"], { ref: false });
        try {
          const got = await Promise.race([asked, silence]);
          if (String(got) !== String(expected)) failures.push(`${what}: ${got}, not ${expected}`);
        } catch (error) {
          failures.push(`${what}: ${error} ${error.cause ?? ""}`);
        }
      }
    }
  }
  console.log(failures.join("\n"));
  process.exit(failures.length > 0 ? 1 : 0);
}

main();
