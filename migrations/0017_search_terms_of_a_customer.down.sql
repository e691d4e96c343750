-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customer_search_terms_of_customer_idx;
