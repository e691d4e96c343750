-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_group_idx;
