/** The tour of the bank's README: `node dist/tour.js URL ADMIN_PASSWORD`. */

import assert from "node:assert/strict";
import { connect } from "./index.js";

const [url = "", password = ""] = process.argv.slice(2);
const run = crypto.randomUUID();

/** What a call returns, which must not be refused. */
async function done<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<NonNullable<T>> {
  const { data, error } = await call;
  assert(data !== undefined && data !== null, JSON.stringify(error));
  return data;
}

const key = (name: string) => ({ "idempotency-key": `${name}-${run}` });

// Two customers register, and open an account each.
const logins = {
  ann: { email: `ann-${run}@example.com`, password: "quiet river under stones" },
  bob: { email: `bob-${run}@example.com`, password: "seven green umbrellas" },
};
const anyone = connect({ url });
await done(anyone.POST("/api/auth/register", { body: logins.ann }));
await done(anyone.POST("/api/auth/register", { body: logins.bob }));
const ann = connect({ url, credentials: logins.ann });
const bob = connect({ url, credentials: logins.bob });
const admin = connect({ url, credentials: { email: "admin@strongroom.local", password } });
const checking = { type: "checking", currency: "EUR" } as const;
const { id: annsAccount } = await done(ann.POST("/api/accounts", { body: checking }));
const { id: bobsAccount } = await done(bob.POST("/api/accounts", { body: checking }));

// Ann pays in cash at the counter, and sends some of it to Bob, once.
const cash = { account_id: annsAccount, amount: "100.00", currency: "EUR" };
const deposit = { params: { header: key("deposit") }, body: cash };
await done(admin.POST("/api/transactions/deposit", deposit));
const toBob = { from_account_id: annsAccount, to_account_id: bobsAccount, currency: "EUR" };
const rent = { ...toBob, amount: "12.34", reference: "rent" };
const send = () =>
  ann.POST("/api/transactions/send", { params: { header: key("rent") }, body: rent });
const [sent, again] = [await send(), await send()];
assert.equal(sent.response.headers.get("idempotency-replayed"), null);
assert.equal(again.response.headers.get("idempotency-replayed"), "true");
assert.deepEqual(again.data, sent.data);

// Both look at their accounts.
const ofAnn = { params: { path: { id: annsAccount } } };
const ofBob = { params: { path: { id: bobsAccount } } };
const balance = async () => done(ann.GET("/api/accounts/{id}/balance", ofAnn));
assert.equal((await balance()).balance, "87.66");
const entries = await done(bob.GET("/api/accounts/{id}/entries", ofBob));
assert.deepEqual(entries.data.map((entry) => entry.balance_after), ["12.34"]);
const received = { params: { query: { account_id: bobsAccount } } };
assert.equal((await done(bob.GET("/api/transactions", received))).data.length, 1);

// Bob cannot see Ann's account, and cannot send more than he has.
const hidden = await bob.GET("/api/accounts/{id}", ofAnn);
assert.equal(hidden.error?.code, "not_found");
const tooMuch = await bob.POST("/api/transactions/transfer", {
  params: { header: key("too-much") },
  body: { ...toBob, from_account_id: bobsAccount, to_account_id: annsAccount, amount: "1000.00" },
});
assert.equal(tooMuch.error?.code, "insufficient_funds");

// Ann holds 40.00 for Bob, and captures 25.00 of it.
const hold = await done(
  ann.POST("/api/transactions/holds", {
    params: { header: key("hold") },
    body: { ...toBob, amount: "40.00", expires_in: 3600 },
  }),
);
assert.equal((await balance()).available, "47.66");
await done(
  ann.POST("/api/transactions/holds/{id}/capture", {
    params: { path: { id: hold.id }, header: key("capture") },
    body: { amount: "25.00" },
  }),
);
const transaction = async (id: string) => {
  const found = await done(ann.GET("/api/transactions/{id}", { params: { path: { id } } }));
  assert("status" in found, "it is no batch");
  return found;
};
assert.equal((await transaction(hold.id)).captured_amount, "25.00");

// Staff reverse the rent, which Ann sent in error.
const rentId = sent.data!.id;
await done(
  admin.POST("/api/transactions/{id}/reverse", {
    params: { path: { id: rentId }, header: key("reverse") },
    body: { reference: "sent in error" },
  }),
);
assert.equal((await transaction(rentId)).status, "reversed");

// Ann's statement shows all of it.
const from = new Date().toISOString().slice(0, 8) + "01";
const statement = await ann.GET("/api/accounts/{id}/statement", {
  params: { ...ofAnn.params, query: { from, format: "csv" } },
  parseAs: "text",
});
assert.match(String(statement.data), /,closing_balance,,,EUR,75\.00,/);

// A logout ends the token at once. The client logs in again for the next call.
assert.equal((await bob.POST("/api/auth/logout")).response.status, 204);
assert.equal((await done(bob.GET("/api/auth/me"))).email, logins.bob.email);
console.log("the tour is over");
