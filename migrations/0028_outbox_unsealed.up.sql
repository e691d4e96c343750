-- no-transaction
-- The events that are not sealed yet.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY outbox_events_unsealed_idx ON outbox_events (tenant_id, id) WHERE payload IS NOT NULL;
