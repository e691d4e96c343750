-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS outbox_events_unsealed_idx;
