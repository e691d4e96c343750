-- no-transaction
-- Lists of the statuses that few customers have, in the order of their registration.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customers_status_registration_date_idx ON customers (tenant_id, status, registration_date, id)
    WHERE status <> 2 AND erased_at IS NULL;
