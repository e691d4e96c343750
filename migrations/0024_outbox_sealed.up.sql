-- Events are sealed until they leave. Those that were written before are sealed by a job.
SET LOCAL lock_timeout = '5s';

ALTER TABLE outbox_events
    ADD COLUMN sealed_payload bytea,
    ALTER COLUMN payload DROP NOT NULL,
    ADD CONSTRAINT outbox_events_payload_check CHECK (num_nonnulls(payload, sealed_payload) = 1) NOT VALID;
