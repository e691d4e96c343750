-- no-transaction
-- Lists of one customer type.
-- Built beside the traffic. Should it fail, it leaves an index behind that is marked invalid: drop that,
-- and migrate again.
CREATE INDEX CONCURRENTLY customers_type_idx ON customers (tenant_id, customer_type, created_at, id)
    WHERE deleted_at IS NULL;
