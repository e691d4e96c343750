-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customer_tags_tag_idx;
