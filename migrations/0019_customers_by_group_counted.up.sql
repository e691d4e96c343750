-- no-transaction
-- Lists of a group, whose totals the index alone counts; it takes the place of the one that went to the table for each.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customers_group_created_idx ON customers (tenant_id, group_id, created_at, id)
    INCLUDE (deleted_at)
    WHERE group_id IS NOT NULL;
