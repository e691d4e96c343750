-- no-transaction
-- Lists of the statuses that few customers have, in the order of their last change. The active are found
-- along the index of the order itself.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customers_status_updated_at_idx ON customers (tenant_id, status, updated_at, id)
    WHERE status <> 2 AND erased_at IS NULL;
