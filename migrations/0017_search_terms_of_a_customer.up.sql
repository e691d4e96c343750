-- no-transaction
-- Whether a customer has a term: asked of each customer that a list with a common word comes by. It holds all
-- that is asked for, which the index before it does not.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customer_search_terms_of_customer_idx ON customer_search_terms (tenant_id, customer_id, term);
