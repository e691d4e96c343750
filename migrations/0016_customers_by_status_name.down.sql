-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_status_last_name_key_idx;
