-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_type_idx;
