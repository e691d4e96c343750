-- no-transaction
-- Lists of the statuses that few customers have, in the order of their e-mail addresses; and the deleted by the address that they had.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customers_status_email_key_idx ON customers (tenant_id, status, email_key, id)
    WHERE status <> 2 AND erased_at IS NULL;
