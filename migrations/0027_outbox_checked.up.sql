-- By itself, so that the rows that are there are looked at while others are written.
SET LOCAL lock_timeout = '5s';

ALTER TABLE outbox_events VALIDATE CONSTRAINT outbox_events_payload_check;
