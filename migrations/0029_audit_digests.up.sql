-- Entries of programs that made no digests end one day: a seal says from where on each must have one.
SET LOCAL lock_timeout = '5s';

ALTER TABLE audit_seals ADD COLUMN requires_digests boolean NOT NULL DEFAULT false;

-- Those that have none; empty but for what such programs left.
CREATE INDEX audit_events_bare_idx ON audit_events (transaction_id, id) WHERE digest IS NULL;
