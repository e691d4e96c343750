SET LOCAL lock_timeout = '5s';

DROP TABLE outbox_positions;
DROP TABLE outbox_events;
