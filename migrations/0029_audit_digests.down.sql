SET LOCAL lock_timeout = '5s';

-- What seals signed of these columns is lost with them: `audit verify` names such seals from then on.
DROP FUNCTION audit_trim_seals(integer);

-- Drops the partition of a month whose last entry is at least twelve months old and whose end is sealed, and the seals
-- before which nothing is left to be held against them. False when it is not there.
CREATE OR REPLACE FUNCTION audit_drop_month(wanted date) RETURNS boolean
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

DROP INDEX audit_events_bare_idx;
DROP INDEX audit_seals_month_idx;
ALTER TABLE audit_seals DROP COLUMN begins, DROP COLUMN requires_digests;
