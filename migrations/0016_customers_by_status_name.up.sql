-- no-transaction
-- Lists of the statuses that few customers have, in the order of their family names.
-- Built beside the traffic. Should it fail, it leaves an index behind that is marked invalid: drop that,
-- and migrate again.
CREATE INDEX CONCURRENTLY customers_status_last_name_key_idx ON customers (tenant_id, status, last_name_key, id)
    WHERE status <> 2 AND erased_at IS NULL;
