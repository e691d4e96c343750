-- no-transaction
-- Lists of one customer type.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customers_type_idx ON customers (tenant_id, customer_type, created_at, id)
    WHERE deleted_at IS NULL;
