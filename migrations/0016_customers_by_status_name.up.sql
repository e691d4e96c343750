-- no-transaction
-- Lists of the statuses that few customers have, in the order of their family names.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customers_status_last_name_key_idx ON customers (tenant_id, status, last_name_key, id)
    WHERE status <> 2 AND erased_at IS NULL;
