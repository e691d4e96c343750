-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_group_created_idx;
