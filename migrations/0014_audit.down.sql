SET LOCAL lock_timeout = '5s';

DROP FUNCTION audit_make_month(date), audit_drop_month(date), audit_trim_seals(integer);
DROP TABLE audit_seals;
-- Takes its partitions with it.
DROP TABLE audit_events;
DROP DOMAIN severity;
