-- no-transaction
DROP INDEX CONCURRENTLY customer_tags_tag_idx;
