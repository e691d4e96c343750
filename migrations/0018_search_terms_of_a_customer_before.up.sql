-- no-transaction
-- The index before it has taken its place.
DROP INDEX CONCURRENTLY IF EXISTS customer_search_terms_customer_idx;
