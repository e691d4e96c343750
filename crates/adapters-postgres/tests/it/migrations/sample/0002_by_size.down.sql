-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS sample_by_size;
