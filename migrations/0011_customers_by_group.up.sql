-- no-transaction
-- Lists of a group; and whether a group that is to be deleted has a customer, which the foreign key asks.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customers_group_idx ON customers (tenant_id, group_id, created_at, id)
    WHERE group_id IS NOT NULL;
