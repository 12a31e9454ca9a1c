-- The least ledger that a bank could be run on: balances, transfers with a key that makes them
-- unique, entries.
CREATE TABLE account (id bigint PRIMARY KEY, balance bigint NOT NULL);
INSERT INTO account SELECT id, 100000000 FROM generate_series(1, 10000) AS id;

CREATE TABLE transfer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  idempotency_key uuid NOT NULL UNIQUE,
  source bigint NOT NULL,
  target bigint NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transfer bigint NOT NULL,
  account bigint NOT NULL,
  change bigint NOT NULL,
  balance_after bigint NOT NULL
);
VACUUM ANALYZE;
