-- no-transaction
CREATE INDEX CONCURRENTLY customer_search_terms_customer_idx ON customer_search_terms (tenant_id, customer_id);
