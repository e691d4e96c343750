SET LOCAL lock_timeout = '5s';

DROP INDEX audit_events_resource_idx;
DROP INDEX audit_events_type_idx;
DROP INDEX audit_events_customer_idx;
DROP INDEX audit_events_transaction_idx;
ALTER TABLE audit_events
    DROP COLUMN transaction_id,
    DROP COLUMN digest,
    DROP COLUMN sealed_reason,
    DROP COLUMN user_agent,
    DROP COLUMN ip_address,
    DROP COLUMN new_values,
    DROP COLUMN old_values;
