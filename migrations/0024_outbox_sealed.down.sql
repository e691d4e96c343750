-- Only where no event is sealed: nobody could read it again.
SET LOCAL lock_timeout = '5s';

ALTER TABLE outbox_events
    DROP CONSTRAINT outbox_events_payload_check,
    ALTER COLUMN payload SET NOT NULL,
    DROP COLUMN sealed_payload;
