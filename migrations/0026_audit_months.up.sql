-- Partitions of the audit trail come and go while the service runs, and its roles own nothing. These two functions
-- are all that the worker can do to the schema; they run as its owner, and say no to what no job would ask for.
-- Nobody is kept waiting: who holds a lock for longer than half a second is left alone, and the job comes again.
SET LOCAL lock_timeout = '5s';

-- Makes the partition of a month. False when it is there.
CREATE FUNCTION audit_make_month(wanted date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '500ms'
    SET timezone = 'UTC'
AS $$
DECLARE
    this_month date := date_trunc('month', now());
    partition  text := 'audit_events_' || to_char(wanted, 'YYYY_MM');
    beginning  timestamptz := wanted;
    ending     timestamptz := wanted + interval '1 month';
    attach     text := format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, beginning, ending);
BEGIN
    IF wanted IS DISTINCT FROM date_trunc('month', wanted)
        OR wanted NOT BETWEEN this_month - interval '1 month' AND this_month + interval '36 months' THEN
        RAISE EXCEPTION 'no month that can be made' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- One at a time; whoever writes entries goes on.
    LOCK TABLE audit_events IN SHARE UPDATE EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'audit_events'::regclass AND inhrelid = to_regclass(partition)) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
    BEGIN
        EXECUTE attach;
    EXCEPTION WHEN check_violation THEN
        -- Entries that came before their partition lie in the default one, hidden from its owner too.
        ALTER TABLE audit_events_default NO FORCE ROW LEVEL SECURITY;
        EXECUTE format('WITH early AS (DELETE FROM audit_events_default WHERE created_at >= $1 AND created_at < $2 '
            'RETURNING *) INSERT INTO %I SELECT * FROM early', partition) USING beginning, ending;
        ALTER TABLE audit_events_default FORCE ROW LEVEL SECURITY;
        EXECUTE attach;
    END;
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
    RETURN true;
END
$$;

-- Drops the partition of a month whose last entry is at least twelve months old and whose end is sealed, and the seals
-- before which nothing is left to be held against them. False when it is not there.
CREATE FUNCTION audit_drop_month(wanted date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '500ms'
    SET timezone = 'UTC'
AS $$
DECLARE
    partition text := 'audit_events_' || to_char(wanted, 'YYYY_MM');
    is_sealed boolean;
BEGIN
    IF wanted IS DISTINCT FROM date_trunc('month', wanted) OR wanted + interval '13 months' > now() THEN
        RAISE EXCEPTION 'no month that can be dropped' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'audit_events'::regclass AND inhrelid = to_regclass(partition)) THEN
        RETURN false;
    END IF;
    IF to_regclass('audit_seals') IS NOT NULL THEN
        -- Hidden from their owner otherwise.
        EXECUTE 'ALTER TABLE audit_seals NO FORCE ROW LEVEL SECURITY';
        EXECUTE 'SELECT EXISTS (SELECT FROM audit_seals WHERE month = $1 AND kind = 2)' INTO is_sealed USING wanted;
        IF NOT is_sealed THEN
            RAISE EXCEPTION 'no seal says that the month is dropped' USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        -- Without a gap: those before the first that is about a month which is still there, but for the last of them.
        EXECUTE 'DELETE FROM audit_seals WHERE number < coalesce((SELECT min(s.number) FROM audit_seals s WHERE s.kind = 1 '
            'AND NOT EXISTS (SELECT FROM audit_seals d WHERE d.kind = 2 AND d.month = s.month)), '
            '(SELECT max(number) + 1 FROM audit_seals)) - 1';
        EXECUTE 'ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY';
    END IF;
    EXECUTE format('ALTER TABLE audit_events DETACH PARTITION %I', partition);
    EXECUTE format('DROP TABLE %I', partition);
    RETURN true;
END
$$;

REVOKE ALL ON FUNCTION audit_make_month(date), audit_drop_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_make_month(date), audit_drop_month(date) TO customer_worker;
