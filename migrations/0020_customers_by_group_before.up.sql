-- no-transaction
-- The one of 0019 does all of its work.
DROP INDEX CONCURRENTLY IF EXISTS customers_group_idx;
