-- What an entry holds beside names: values before and after, reason, address and agent of the client, each sealed; the
-- digest of the entry, and the transaction that wrote it, by which entries are sealed in their order.
SET LOCAL lock_timeout = '5s';

ALTER TABLE audit_events
    ADD COLUMN old_values bytea,
    ADD COLUMN new_values bytea,
    ADD COLUMN ip_address bytea,
    ADD COLUMN user_agent bytea,
    ADD COLUMN sealed_reason bytea,
    -- Null in entries of older programs, whose reason is not sealed either.
    ADD COLUMN digest bytea CONSTRAINT audit_events_digest_check CHECK (octet_length(digest) = 32),
    -- Entries that are there are older than all others: 3 is the first number that a transaction ever has.
    ADD COLUMN transaction_id xid8 NOT NULL DEFAULT '3';
ALTER TABLE audit_events ALTER COLUMN transaction_id SET DEFAULT pg_current_xact_id();

-- Indexes of a partitioned table cannot be built beside the traffic in one statement. What is there is the trail of
-- programs before the first release.
CREATE INDEX audit_events_transaction_idx ON audit_events (transaction_id, id);
CREATE INDEX audit_events_customer_idx ON audit_events (tenant_id, customer_id, created_at, id)
    WHERE customer_id IS NOT NULL;
CREATE INDEX audit_events_type_idx ON audit_events (tenant_id, event_type, created_at, id);
CREATE INDEX audit_events_resource_idx ON audit_events (tenant_id, resource_id, created_at, id);
