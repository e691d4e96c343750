-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_status_updated_at_idx;
