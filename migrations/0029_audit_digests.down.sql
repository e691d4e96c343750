SET LOCAL lock_timeout = '5s';

DROP INDEX audit_events_bare_idx;
ALTER TABLE audit_seals DROP COLUMN requires_digests;
