// The client of TypeScript: what it does when answers are lost, tokens end, and webhooks arrive.
// `typescript_client.mjs URL ADMIN_PASSWORD PORT`; a webhook may be sent to that port of 127.0.0.1.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import {
  WebhookVerificationError, connect, verifyWebhook,
} from "../../target/clients/typescript/dist/index.js";

const [url, password, port] = process.argv.slice(2);
const credentials = { email: "admin@strongroom.local", password };
const DEPOSIT = "/api/transactions/deposit";

/** A client, the requests that it sends, and what `answer` makes of each. */
function watched(answer) {
  const sent = [];
  const fetch = async (request) => {
    const { pathname } = new URL(request.url);
    const key = request.headers.get("idempotency-key");
    sent.push({ path: pathname, key, at: Date.now() });
    const earlier = sent.filter((other) => other.path === pathname).length - 1;
    return answer(request, pathname, earlier);
  };
  return { bank: connect({ url, credentials, fetch }), sent };
}

async function retriesWhatGotNoAnswerUnderTheSameKey() {
  const { bank, sent } = watched(async (request, path, earlier) => {
    const response = await fetch(request);
    if (path === DEPOSIT && earlier === 0) throw new TypeError("the answer is lost");
    return response;
  });
  const { response } = await deposit(bank);
  assert.equal(response.headers.get("idempotency-replayed"), "true");
  const keys = sent.filter(({ path }) => path === DEPOSIT).map(({ key }) => key);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
}

async function waitsAsLongAsTheBankAsks() {
  const asks = (status, seconds) =>
    Response.json({}, { status, headers: { "retry-after": seconds } });
  for (const status of [429, 503]) {
    const { bank, sent } = watched((request, path, earlier) =>
      path === "/api/auth/me" && earlier === 0 ? asks(status, "1") : fetch(request));
    assert.equal((await bank.GET("/api/auth/me")).response.status, 200);
    const [first, second] = sent.filter(({ path }) => path === "/api/auth/me");
    assert(second.at - first.at >= 990, `${second.at - first.at} ms`);
  }
  const { bank } = watched((request, path) =>
    path === "/api/auth/me" ? asks(429, "3600") : fetch(request));
  assert.equal((await bank.GET("/api/auth/me")).response.status, 429);
}

async function renewsATokenOnceBeforeItExpires() {
  const { bank, sent } = watched(async (request, path) => {
    const response = await fetch(request);
    if (path !== "/api/auth/login") return response;
    return Response.json({ ...(await response.json()), expires_in: 1 });
  });
  await bank.GET("/api/auth/me");
  const calls = Array.from({ length: 10 }, () => bank.GET("/api/auth/me"));
  for (const { response } of await Promise.all(calls)) assert.equal(response.status, 200);
  const paths = sent.map(({ path }) => path);
  assert.equal(paths.filter((path) => path === "/api/auth/login").length, 1);
  assert.equal(paths.filter((path) => path === "/api/token/refresh").length, 1);
}

async function verifiesWebhooks() {
  const { bank } = watched((request) => fetch(request));
  let secret;
  const event = new Promise((resolve, reject) => {
    const server = createServer(async (request, response) => {
      try {
        let body = "";
        for await (const piece of request) body += piece;
        const refused = () => verifyWebhook(secret, `${body} `, request.headers);
        assert.throws(refused, WebhookVerificationError);
        resolve(verifyWebhook(secret, body, request.headers));
        response.writeHead(204).end();
      } catch (error) {
        reject(error);
      }
      server.close();
    });
    server.listen(Number(port), "127.0.0.1");
  });
  const body = { url: `http://127.0.0.1:${port}/`, events: ["deposit.posted"] };
  const webhook = await bank.POST("/api/webhooks", { body });
  secret = webhook.data.secret;
  const { data } = await deposit(bank);
  assert.equal((await event).data.id, data.id);
}

async function refusesAWrongPassword() {
  const wrong = { ...credentials, password: "not the password" };
  const call = connect({ url, credentials: wrong }).GET("/api/auth/me");
  await assert.rejects(call, (error) => error.problem.code === "invalid_credentials");
}

/** Pays 1.00 EUR into the account of a new customer. */
async function deposit(bank) {
  const login = { email: `${crypto.randomUUID()}@example.com`, password: "seven green umbrellas" };
  await bank.POST("/api/auth/register", { body: login });
  const customer = connect({ url, credentials: login });
  const checking = { type: "checking", currency: "EUR" };
  const account = await customer.POST("/api/accounts", { body: checking });
  const cash = { account_id: account.data.id, amount: "1.00", currency: "EUR" };
  const paid = await bank.POST(DEPOSIT, { body: cash });
  assert.equal(paid.response.status, 201);
  return paid;
}

await retriesWhatGotNoAnswerUnderTheSameKey();
await waitsAsLongAsTheBankAsks();
await renewsATokenOnceBeforeItExpires();
await verifiesWebhooks();
await refusesAWrongPassword();
