/** A user's session: tokens that are renewed before they expire, or when they are refused. */

import type { Fetch } from "./retry.js";

/** A user's login. */
export interface Login {
  email: string;
  password: string;
}

/** The bank refuses the login: `problem` says why. */
export class LoginRefused extends Error {
  constructor(readonly problem: { code?: string; detail?: string }) {
    super(`the login was refused: ${problem.code}: ${problem.detail}`);
  }
}

/** A token is renewed so long before it expires. */
const MARGIN_MS = 30_000;

export class Session {
  #token?: string;
  #staleAt = 0;
  #refreshToken?: string;
  #deviceToken?: string;
  /** Requests that need a new token at the same time wait for the same one. */
  #renewal?: Promise<void>;

  constructor(readonly fetch: Fetch, readonly url: string, readonly login: Login) {}

  /** Sends a request with a token, and once more with another one where the first is refused. */
  async send(request: Request): Promise<Response> {
    const token = await this.#valid();
    request.headers.set("authorization", `Bearer ${token}`);
    const response = await this.fetch(request.clone());
    if (response.status !== 401) return response;
    await response.body?.cancel();
    request.headers.set("authorization", `Bearer ${await this.#valid(token)}`);
    return this.fetch(request);
  }

  /** A token that is neither stale nor the one that was refused. */
  async #valid(refused?: string): Promise<string | undefined> {
    if (this.#token === refused || Date.now() >= this.#staleAt) {
      this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
      await this.#renewal;
    }
    return this.#token;
  }

  /** Refreshes the tokens, or logs in where there are none, or the session has ended. */
  async #renew(): Promise<void> {
    const refresh = { refresh_token: this.#refreshToken };
    let response = this.#refreshToken && (await this.#post("/api/token/refresh", refresh));
    if (!response || response.status === 400) {
      const login = { ...this.login, device_token: this.#deviceToken };
      response = await this.#post("/api/auth/login", login);
    }
    const answer = await response.json();
    if (!response.ok) throw new LoginRefused(answer);
    this.#token = answer.access_token;
    this.#staleAt = Date.now() + answer.expires_in * 1000 - MARGIN_MS;
    this.#refreshToken = answer.refresh_token;
    this.#deviceToken = answer.device_token ?? this.#deviceToken;
  }

  #post(path: string, body: object): Promise<Response> {
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    return this.fetch(new Request(this.url + path, request));
  }
}
