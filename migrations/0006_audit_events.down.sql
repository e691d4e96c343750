SET LOCAL lock_timeout = '5s';

-- Takes its partitions with it.
DROP TABLE audit_events;
