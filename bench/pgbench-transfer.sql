-- One double-entry transfer between two random accounts: 2 balance updates, 1 transfer, 2 entries,
-- in one transaction. The account with the lower id is updated first: in the order of source and
-- target two transfers could deadlock.
\set source random(1, 10000)
\set target 1 + (:source - 1 + random(1, 9999)) % 10000
\set low least(:source, :target)
\set high greatest(:source, :target)
\set low_change case when :source < :target then -1 else 1 end
\set high_change - :low_change
BEGIN;
UPDATE account SET balance = balance + :low_change WHERE id = :low RETURNING balance AS low_balance \gset
UPDATE account SET balance = balance + :high_change WHERE id = :high RETURNING balance AS high_balance \gset
INSERT INTO transfer (idempotency_key, source, target, amount) VALUES (gen_random_uuid(), :source, :target, 1) RETURNING id AS transfer \gset
INSERT INTO entry (transfer, account, change, balance_after) VALUES (:transfer, :low, :low_change, :low_balance);
INSERT INTO entry (transfer, account, change, balance_after) VALUES (:transfer, :high, :high_change, :high_balance);
COMMIT;
