-- no-transaction
-- Lists of the statuses that few customers have, in the order of their registration.
-- Built beside the traffic. Should it fail, it leaves an index behind that is marked invalid: drop that,
-- and migrate again.
CREATE INDEX CONCURRENTLY customers_status_registration_date_idx ON customers (tenant_id, status, registration_date, id)
    WHERE status <> 2 AND erased_at IS NULL;
