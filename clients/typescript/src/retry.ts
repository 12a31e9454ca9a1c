/** Requests that are sent again, with the same idempotency key, until the bank decides them. */

/** Sends one request. */
export type Fetch = (request: Request) => Promise<Response>;

/** A request is sent at most so often. */
const ATTEMPTS_MAX = 5;

/** The pause before the second attempt; each later one is twice as long. */
const FIRST_PAUSE_MS = 250;

/** Where the bank asks for a longer pause, its answer is returned instead. */
const PAUSE_MS_MAX = 30_000;

/** 429, and what does not say whether the request was done: by its key it is done once. */
const RETRIED = new Set([429, 502, 503, 504]);

/**
 * Retries each request that fails for now. A POST without an idempotency key gets one; the other
 * methods may be repeated as they are.
 */
export function retrying(send: Fetch): Fetch {
  return async (request) => {
    if (request.method === "POST" && !request.headers.has("idempotency-key")) {
      request.headers.set("idempotency-key", crypto.randomUUID());
    }
    for (let attempt = 1; ; attempt += 1) {
      // A request has its body once, and a clone for each attempt.
      const outcome = await attemptOf(send, request.clone());
      const pause = pauseMs(outcome, attempt);
      if (attempt === ATTEMPTS_MAX || request.signal.aborted || pause === undefined) {
        if (outcome instanceof Response) return outcome;
        throw outcome.error;
      }
      if (outcome instanceof Response) await outcome.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
}

async function attemptOf(send: Fetch, request: Request): Promise<Response | { error: unknown }> {
  try {
    return await send(request);
  } catch (error) {
    return { error };
  }
}

/** How long to wait before the next attempt; undefined if the outcome stands. */
function pauseMs(outcome: Response | { error: unknown }, attempt: number): number | undefined {
  const growing = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
  if (!(outcome instanceof Response)) return growing;
  if (!RETRIED.has(outcome.status)) return undefined;
  const asked = Number(outcome.headers.get("retry-after") ?? NaN) * 1000;
  const pause = Number.isNaN(asked) ? growing : asked;
  return pause <= PAUSE_MS_MAX ? pause : undefined;
}
