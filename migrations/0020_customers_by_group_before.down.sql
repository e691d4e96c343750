-- no-transaction
CREATE INDEX CONCURRENTLY customers_group_idx ON customers (tenant_id, group_id, created_at, id)
    WHERE group_id IS NOT NULL;
