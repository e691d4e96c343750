-- no-transaction
-- Lists of a group; and whether a group that is to be deleted has a customer, which the foreign key asks.
-- Built beside the traffic. Should it fail, it leaves an index behind that is marked invalid: drop that,
-- and migrate again.
CREATE INDEX CONCURRENTLY customers_group_idx ON customers (tenant_id, group_id, created_at, id)
    WHERE group_id IS NOT NULL;
