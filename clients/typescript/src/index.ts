/** A client of a Strongroom bank: its calls, with credentials and retries. */

import createClient, { type Client } from "openapi-fetch";
import { Webhook } from "standardwebhooks";
import type { paths } from "./api.js";
import { retrying, type Fetch } from "./retry.js";
import { Session, type Login } from "./session.js";

export type { components, paths } from "./api.js";
export { LoginRefused, type Login } from "./session.js";
export { WebhookVerificationError } from "standardwebhooks";

/** An API key, which may act for one customer. */
export interface ApiKey {
  apiKey: string;
  onBehalfOf?: string;
}

/** How to reach a bank. */
export interface Options {
  /** The bank's origin, such as `http://127.0.0.1:8080`. */
  url: string;
  /** Who calls; nobody for public calls alone. */
  credentials?: ApiKey | Login;
  /** Sends one request; `globalThis.fetch` by default. */
  fetch?: Fetch;
}

/**
 * A typed client of every call: `bank.POST("/api/accounts", { body })`. A POST without an
 * `idempotency-key` gets one.
 *
 * It returns `{ data, error, response }` and does not throw for a refusal: `error` is the problem
 * document. It throws where no answer comes, and `LoginRefused` where the login fails.
 */
export function connect({ url, credentials, fetch }: Options): Client<paths> {
  const baseUrl = url.replace(/\/+$/, "");
  const send = retrying(fetch ?? ((request) => globalThis.fetch(request)));
  return createClient<paths>({ baseUrl, fetch: authorized(send, baseUrl, credentials) });
}

function authorized(send: Fetch, url: string, credentials?: ApiKey | Login): Fetch {
  if (credentials === undefined) return send;
  if ("email" in credentials) {
    const session = new Session(send, url, credentials);
    return (request) => session.send(request);
  }
  const { apiKey, onBehalfOf } = credentials;
  return (request) => {
    request.headers.set("authorization", `Bearer ${apiKey}`);
    if (onBehalfOf !== undefined) request.headers.set("x-on-behalf-of", onBehalfOf);
    return send(request);
  };
}

/**
 * The event in a delivery of a webhook, by the `secret` that its creation returned.
 *
 * `body` is the body as it came: JSON that was parsed and written again has another signature.
 * Throws `WebhookVerificationError` where the signature is wrong, or older than five minutes.
 */
export function verifyWebhook(
  secret: string,
  body: string | Uint8Array,
  headers: HeadersInit | Record<string, string | string[] | undefined>,
): unknown {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const single = new Headers(headers as HeadersInit);
  return new Webhook(secret).verify(text, Object.fromEntries(single));
}
