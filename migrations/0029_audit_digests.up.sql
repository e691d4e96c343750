-- Where the trail begins: entries of programs that made no digests end one day, and months are dropped.
SET LOCAL lock_timeout = '5s';

ALTER TABLE audit_seals
    -- Every entry of the seals after this one carries a digest of its own.
    ADD COLUMN requires_digests boolean NOT NULL DEFAULT false,
    -- Of a dropped month: the first seal that is still needed. Null in seals of older programs.
    ADD COLUMN begins bigint CONSTRAINT audit_seals_begins_check CHECK (kind = 2 OR begins IS NULL);
-- An older program seals nothing any more: it would take back what was said.
ALTER TABLE audit_seals ALTER COLUMN requires_digests DROP DEFAULT;

-- The months that have seals, and the first seal of each.
CREATE INDEX audit_seals_month_idx ON audit_seals (month, number) WHERE kind = 1;

-- Entries without a digest; empty but for what older programs left.
CREATE INDEX audit_events_bare_idx ON audit_events (transaction_id, id) WHERE digest IS NULL;

-- Drops the partition of a month whose last entry is at least twelve months old, and of which a seal says that it is
-- dropped. False when it is not there.
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
    -- Hidden from their owner otherwise.
    ALTER TABLE audit_seals NO FORCE ROW LEVEL SECURITY;
    SELECT EXISTS (SELECT FROM audit_seals WHERE month = wanted AND kind = 2) INTO is_sealed;
    ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
    IF NOT is_sealed THEN
        RAISE EXCEPTION 'no seal says that the month is dropped' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('ALTER TABLE audit_events DETACH PARTITION %I', partition);
    EXECUTE format('DROP TABLE %I', partition);
    RETURN true;
END
$$;

-- Deletes seals before the first that is needed, at most so many: whoever seals waits meanwhile. How many they were.
CREATE FUNCTION audit_trim_seals(most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '500ms'
AS $$
DECLARE
    trimmed bigint;
BEGIN
    IF most NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'too many at one time' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    ALTER TABLE audit_seals NO FORCE ROW LEVEL SECURITY;
    DELETE FROM audit_seals WHERE number IN (SELECT number FROM audit_seals
        WHERE number < (SELECT max(begins) FROM audit_seals WHERE kind = 2) ORDER BY number LIMIT most);
    GET DIAGNOSTICS trimmed = ROW_COUNT;
    ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
    RETURN trimmed;
END
$$;

REVOKE ALL ON FUNCTION audit_trim_seals(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_trim_seals(integer) TO customer_worker;
